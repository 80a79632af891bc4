import { createHash } from 'node:crypto';
import { archivesOf, type Sources } from '../worlds/layout.ts';
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
  readonly objects: readonly FoundObject[];
  /** While an object is missing: the revision of the others, by which the controller refuses it. */
  readonly partialRevision?: string;
  /** When the controller first saw it, according to its state. */
  seenAt?: number;
}

export interface FoundObject {
  readonly key: string;
  readonly etag: string;
  /** Of an object that HeadObject was asked about. */
  readonly checksum?: string;
  readonly size: number;
  readonly modified: number;
}

/** Reads the truth independently: what the controller computes is compared with this. */
export function readSources(world: World, sources: Sources): SourceSnapshot {
  const { prefix } = sources;
  const listed = prefix === undefined ? [] : listObjects(world, prefix);
  return snapshotOf(world, sources, [...archivesOf(sources).flatMap((key) => headObject(world, key) ?? []), ...listed]);
}

/** The sources, if they have these objects. */
export function snapshotOf(world: World, sources: Sources, objects: readonly FoundObject[]): SourceSnapshot {
  const { prefix } = sources;
  const namedKeys = archivesOf(sources);
  const named = sorted(objects.filter(({ key }) => namedKeys.includes(key)));
  const listed = sorted(objects.filter(({ key }) => !namedKeys.includes(key)));
  const found = [...named, ...listed];
  const missing = namedKeys.filter((key) => !named.some((object) => object.key === key));
  if (prefix !== undefined && listed.length === 0) missing.push(`${prefix}*`);
  const isComplete = missing.length === 0;
  const lineOf = ({ key, etag, checksum, size }: FoundObject) =>
    `${JSON.stringify([sourceUri(world, key), checksum ?? etag.replaceAll('"', ''), size])}\n`;
  const digest = createHash('sha256');
  if (listed.length > 0) digest.update(`${chainOf(listed.map(lineOf))}\n`);
  for (const object of named) digest.update(lineOf(object));
  for (const key of missing.toSorted()) digest.update(`missing ${sourceUri(world, key)}\n`);
  const revision = digest.digest('hex');
  return {
    at: world.clock.now(),
    ...(isComplete ? { revision } : { partialRevision: revision }),
    newest: Math.max(0, ...found.map(({ modified }) => modified)),
    etags: new Map(found.map(({ key, etag }) => [sourceUri(world, key), world.wholeEtag(etag)])),
    objects: found,
  };
}

/** URI of the object at a key of the sources' bucket. */
export function sourceUri({ bucket }: World, key: string): string {
  return `s3://${bucket}/${key}`;
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
