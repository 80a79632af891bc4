import type { Tag } from '@aws-sdk/client-s3';
import { invalidArgument, S3Error } from './errors.ts';

/** Parses the Tagging member of writes: URL-encoded `key=value&…`. Throws InvalidTag, InvalidArgument or BadRequest. */
export function parseTagging(tagging = ''): readonly Tag[] {
  const tags = [...new URLSearchParams(tagging)].map(([Key, Value]) => ({ Key, Value }));
  if (new Set(tags.map(({ Key }) => Key)).size === tags.length && tags.every(isSpelled)) return checkObjectTags(tags);
  const encoding = 'UTF-8 then URLEncoded URL query parameters without tag name duplicates';
  throw invalidArgument(`The header 'x-amz-tagging' shall be encoded as ${encoding}.`, 'x-amz-tagging', tagging);
}

/** Throws InvalidTag or BadRequest. */
export function checkObjectTags(tags: readonly Tag[]): readonly Tag[] {
  if (tags.length > 10) throw new S3Error('BadRequest', 'Object tags cannot be greater than 10', 400);
  return checkTagSet(tags, 'Your TagKey cannot be prefixed with aws:');
}

/** Whether key and value have only characters of tags. */
const isSpelled = ({ Key = '', Value = '' }: Partial<Tag>) => /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(Key + Value);

/** Of an object or a bucket. Throws InvalidTag. */
export function checkTagSet(
  tags: readonly Tag[],
  ofSystem = 'System tags cannot be added/updated by requester',
): readonly Tag[] {
  const seen = new Set<string>();
  for (const { Key: key = '', Value: value = '' } of tags) {
    const invalid = (message: string, about: object = {}) =>
      new S3Error('InvalidTag', message, 400, { TagKey: key, ...about });
    if (/^aws:/i.test(key)) throw invalid(ofSystem);
    if (key === '' || key.length > 128 || !isSpelled({ Key: key }))
      throw invalid('The TagKey you have provided is invalid');
    if (value.length > 256 || !isSpelled({ Value: value })) {
      throw invalid('The TagValue you have provided is invalid', { TagValue: value });
    }
    if (seen.has(key)) throw invalid('Cannot provide multiple Tags with the same key');
    seen.add(key);
  }
  return tags;
}
