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
  /** When a pass that recorded it first read it, epoch ms. */
  readAt?: number;
}

interface FoundObject {
  readonly key: string;
  readonly etag: string;
  /** Of an object that HeadObject was asked about. */
  readonly checksum?: string;
  readonly size: number;
  readonly modified: number;
}

/** Reads the truth independently: what the controller computes is compared with this. */
export function readSources(world: World): SourceSnapshot {
  const { bucket, layout } = world;
  const { prefix } = layout;
  const namedKeys = layout.keys.filter((key) => prefix === undefined || !key.startsWith(prefix));
  const listed = prefix === undefined ? [] : sorted(listObjects(world, prefix));
  const named = sorted(namedKeys.flatMap((key) => headObject(world, key) ?? []));
  const found = [...named, ...listed];
  const missing = namedKeys.filter((key) => !named.some((object) => object.key === key));
  if (prefix !== undefined && listed.length === 0) missing.push(`${prefix}*`);
  const isComplete = missing.length === 0;
  const lineOf = ({ key, etag, checksum, size }: FoundObject) =>
    `${JSON.stringify([`s3://${bucket}/${key}`, checksum ?? etag.replaceAll('"', ''), size])}\n`;
  const digest = createHash('sha256');
  if (listed.length > 0) digest.update(`${chainOf(listed.map(lineOf))}\n`);
  for (const object of named) digest.update(lineOf(object));
  for (const key of missing.toSorted()) digest.update(`missing s3://${bucket}/${key}\n`);
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

function sorted(objects: readonly FoundObject[]): FoundObject[] {
  return objects.toSorted((one, other) => (one.key < other.key ? -1 : 1));
}

function listObjects(world: World, prefix: string): FoundObject[] {
  const { Contents = [] } = world.peek('s3', 'ListObjectsV2', { Bucket: world.bucket, Prefix: prefix });
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
