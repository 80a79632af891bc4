import { createHash } from 'node:crypto';
import type { World } from './world.ts';

/** What becomes of a fleet that loads these bytes. */
export type Quality =
  | 'good'
  | 'slow'
  | 'broken'
  /** No archive: that shows before a fleet is asked. */
  | 'junk'
  /** Starts, and answers smoke tests wrongly, or never. */
  | 'wrong'
  | 'hung';

/** The bytes of one upload: their first word says what they do. */
export function bytesOf(quality: Quality, number: number): string {
  return `${quality} ${number}`;
}

/** S3's ETag of the bytes. */
export function etagOf(bytes: string): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}

/** What the models' places hold at one moment. */
export interface SourcesNow {
  /** Epoch ms of the change. */
  readonly at: number;
  /** Absent: an object is missing. */
  readonly revision?: string;
  /** LastModified of the newest, by S3's clock. */
  readonly newest: number;
  /** ETag by URI. */
  readonly etags: ReadonlyMap<string, string>;
  /** While an object is missing: the revision of what is there, by which the loop refuses it. */
  readonly partly?: string;
  /** When the loop first saw it, as it remembers by now. */
  seenAt?: number;
}

/** Reads the truth, by own means: what the loop computes is compared with this. */
export function readSources(world: World): SourcesNow {
  const { bucket, layout } = world;
  const isPrefix = layout.maxWaitTime !== undefined;
  const found: { key: string; etag: string; size: number; modified: number }[] = [];
  if (isPrefix) {
    const listed = world.peek('s3', 'ListObjectsV2', { Bucket: bucket, Prefix: 'tree/' });
    for (const { Key, ETag, Size, LastModified } of listed.Contents ?? []) {
      found.push({ key: Key, etag: ETag, size: Size, modified: LastModified.getTime() });
    }
  } else {
    for (const key of layout.keys) {
      try {
        const { ETag, ContentLength, LastModified } = world.peek('s3', 'HeadObject', { Bucket: bucket, Key: key });
        found.push({ key, etag: ETag, size: ContentLength, modified: LastModified.getTime() });
      } catch {
        // Missing: the revision stays undefined.
      }
    }
  }
  const complete = isPrefix ? found.length > 0 : found.length === layout.keys.length;
  const digest = createHash('sha256');
  found.sort((a, b) => (a.key < b.key ? -1 : 1));
  for (const { key, etag, size } of found) {
    digest.update(`${JSON.stringify([`s3://${bucket}/${key}`, etag.replaceAll('"', ''), size])}\n`);
  }
  const uris = new Set(found.map(({ key }) => key));
  for (const key of layout.keys) if (!isPrefix && !uris.has(key)) digest.update(`missing s3://${bucket}/${key}\n`);
  const revision = digest.digest('hex');
  return {
    at: world.clock.now(),
    ...(complete ? { revision } : { partly: revision }),
    newest: Math.max(0, ...found.map(({ modified }) => modified)),
    etags: new Map(found.map(({ key, etag }) => [`s3://${bucket}/${key}`, etag])),
  };
}
