import { createHash } from 'node:crypto';
import type { World } from '../worlds/world.ts';

/** The objects that are stored at the models' sources at one moment. */
export interface SourceSnapshot {
  /** Epoch ms of the change. */
  readonly at: number;
  /** Absent: an object is missing. */
  readonly revision?: string;
  /** LastModified of the newest, by S3's clock. */
  readonly newest: number;
  /** ETag of the bytes by URI. */
  readonly etags: ReadonlyMap<string, string>;
  /** While an object is missing: the revision of the others, by which the controller refuses it. */
  readonly partialRevision?: string;
  /** When the controller first saw it, according to its state. */
  seenAt?: number;
}

interface FoundObject {
  readonly key: string;
  readonly etag: string;
  /** Of an object that HeadObject was asked about. */
  readonly checksum?: string;
  readonly size: number;
  readonly modified: number;
}

const PREFIX = 'tree/';

/** Reads the truth independently: what the controller computes is compared with this. */
export function readSources(world: World): SourceSnapshot {
  const { bucket, layout } = world;
  const isPrefix = layout.maxWaitTime !== undefined;
  const found = isPrefix ? listObjects(world) : layout.keys.flatMap((key) => headObject(world, key) ?? []);
  const isComplete = isPrefix ? found.length > 0 : found.length === layout.keys.length;
  const digest = createHash('sha256');
  found.sort((a, b) => (a.key < b.key ? -1 : 1));
  const lines = found.map(
    ({ key, etag, checksum, size }) =>
      `${JSON.stringify([`s3://${bucket}/${key}`, checksum ?? etag.replaceAll('"', ''), size])}\n`,
  );
  for (const line of isPrefix ? [`${chainOf(lines)}\n`] : lines) digest.update(line);
  const keys = new Set(found.map(({ key }) => key));
  for (const key of layout.keys) if (!isPrefix && !keys.has(key)) digest.update(`missing s3://${bucket}/${key}\n`);
  const revision = digest.digest('hex');
  return {
    at: world.clock.now(),
    ...(isComplete ? { revision } : { partialRevision: revision }),
    newest: Math.max(0, ...found.map(({ modified }) => modified)),
    etags: new Map(found.map(({ key, etag }) => [`s3://${bucket}/${key}`, world.wholeEtag(etag)])),
  };
}

/** The digest of a listing: each object is hashed with all before it. */
function chainOf(lines: readonly string[]): string {
  return lines.reduce(
    (before, line) =>
      createHash('sha256')
        .update(before + line)
        .digest('hex'),
    '',
  );
}

function listObjects(world: World): FoundObject[] {
  const { Contents = [] } = world.peek('s3', 'ListObjectsV2', { Bucket: world.bucket, Prefix: PREFIX });
  return Contents.map(({ Key, ETag, Size, LastModified }) => ({
    key: Key,
    etag: ETag,
    size: Size,
    modified: LastModified.getTime(),
  }));
}

function headObject(world: World, key: string): FoundObject | undefined {
  try {
    const object = { Bucket: world.bucket, Key: key, ChecksumMode: 'ENABLED' };
    const { ETag, ContentLength, LastModified, ChecksumCRC64NVME } = world.peek('s3', 'HeadObject', object);
    const checksum = `crc64nvme:${ChecksumCRC64NVME}`;
    return { key, etag: ETag, checksum, size: ContentLength, modified: LastModified.getTime() };
  } catch {
    return undefined;
  }
}
