import type { Tag } from '@aws-sdk/client-s3';
import { S3Error } from './errors.ts';

/** Parses the Tagging member of writes: URL-encoded `key=value&…`. Throws InvalidTag or BadRequest. */
export function parseTagging(tagging = ''): readonly Tag[] {
  return checkObjectTags([...new URLSearchParams(tagging)].map(([Key, Value]) => ({ Key, Value })));
}

/** Throws InvalidTag or BadRequest. */
export function checkObjectTags(tags: readonly Tag[]): readonly Tag[] {
  if (tags.length > 10) throw new S3Error('BadRequest', 'Object tags cannot be greater than 10', 400);
  return checkTagSet(tags, 'Your TagKey cannot be prefixed with aws:');
}

/** Of an object or a bucket. Throws InvalidTag. */
export function checkTagSet(
  tags: readonly Tag[],
  ofSystem = 'System tags cannot be added/updated by requester',
): readonly Tag[] {
  const seen = new Set<string>();
  for (const { Key: key = '', Value: value = '' } of tags) {
    const invalid = (message: string) => new S3Error('InvalidTag', message, 400, { TagKey: key });
    if (/^aws:/i.test(key)) throw invalid(ofSystem);
    if (key === '' || key.length > 128) throw invalid('The TagKey you have provided is invalid');
    if (value.length > 256) throw invalid('The TagValue you have provided is invalid');
    if (seen.has(key)) throw invalid('Cannot provide multiple Tags with the same key');
    seen.add(key);
  }
  return tags;
}
