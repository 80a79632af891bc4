import type { Tag } from '@aws-sdk/client-s3';
import { S3Error } from './errors.ts';

/** Throws InvalidTag or BadRequest. */
export function checkObjectTags(tags: readonly Tag[]): readonly Tag[] {
  if (tags.length > 10) throw new S3Error('BadRequest', 'Object tags cannot be greater than 10', 400);
  return checkTagSet(tags);
}

/** Of an object or a bucket. Throws InvalidTag. */
export function checkTagSet(tags: readonly Tag[]): readonly Tag[] {
  const seen = new Set<string>();
  for (const { Key: key = '', Value: value = '' } of tags) {
    if (/^aws:/i.test(key)) throw invalidTag('System tags cannot be added/updated by requester', key);
    if (key === '' || key.length > 128) throw invalidTag('The TagKey you have provided is invalid', key);
    if (value.length > 256) throw invalidTag('The TagValue you have provided is invalid', key);
    if (seen.has(key)) throw invalidTag('Cannot provide multiple Tags with the same key', key);
    seen.add(key);
  }
  return tags;
}

/** Parses the Tagging member of writes: URL-encoded `key=value&…`. Throws InvalidTag or BadRequest. */
export function parseTagging(tagging: string | undefined): readonly Tag[] {
  if (tagging === undefined || tagging === '') return [];
  return checkObjectTags([...new URLSearchParams(tagging)].map(([Key, Value]) => ({ Key, Value })));
}

const invalidTag = (message: string, key: string) => new S3Error('InvalidTag', message, 400, { TagKey: key });
