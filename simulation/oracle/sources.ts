import { createHash } from 'node:crypto';
import { archiveKeys, packageSource, type SourceKeys } from '../worlds/layout.ts';
import type { World } from '../worlds/world.ts';

/** The objects that are stored at the models' sources at one moment. */
export interface SourceSnapshot {
  /** Epoch ms of the change. */
  readonly at: number;
  /** Absent: an object is missing. */
  readonly revision?: string;
  /** LastModified of the newest, by S3's clock. */
  readonly newest: number;
  /** ETag of the bytes by the source's URI. */
  readonly etags: ReadonlyMap<string, string>;
  readonly objects: readonly FoundObject[];
  /** While an object is missing: the revision of the others, by which the controller refuses it. */
  readonly partialRevision?: string;
  /** When the controller first saw it, according to its state. */
  seenAt?: number;
  /** When a pass that recorded it first read it, epoch ms. */
  readAt?: number;
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
export function readSources(world: World, sources: SourceKeys): SourceSnapshot {
  const { prefix, packageGroup } = sources;
  if (packageGroup !== undefined) return readPackage(world, packageGroup);
  const listed = prefix === undefined ? [] : listObjects(world, prefix);
  return snapshotOf(world, sources, [
    ...archiveKeys(sources).flatMap((key) => headObject(world, key) ?? []),
    ...listed,
  ]);
}

/** The object of the approved package with the highest version. */
function readPackage(world: World, group: string): SourceSnapshot {
  const at = world.clock.now();
  const approved = { ModelPackageGroupName: group, ModelApprovalStatus: 'Approved', MaxResults: 100 };
  const { ModelPackageSummaryList: listed } = world.peek('sagemaker', 'ListModelPackages', approved);
  const [newest] = listed.toSorted((one, other) => other.ModelPackageVersion - one.ModelPackageVersion);
  if (!newest) return { at, newest: 0, etags: new Map(), objects: [] };
  const described = { ModelPackageName: newest.ModelPackageArn };
  const found = world.peek('sagemaker', 'DescribeModelPackage', described);
  const url = found.InferenceSpecification.Containers[0].ModelDataUrl;
  const object = headObject(world, url.slice(`s3://${world.bucket}/`.length));
  if (!object) throw new Error(`there is no object at ${url}`);
  const { etag, checksum, size, modified } = object;
  const source = packageSource(group);
  return {
    at,
    revision: createHash('sha256')
      .update(`${JSON.stringify([url, checksum, size, source])}\n`)
      .digest('hex'),
    newest: Math.max(modified, (found.LastModifiedTime ?? found.CreationTime).getTime()),
    etags: new Map([[source, world.wholeEtag(etag)]]),
    objects: [],
  };
}

/** The sources, if they have these objects. */
export function snapshotOf(world: World, sources: SourceKeys, objects: readonly FoundObject[]): SourceSnapshot {
  const { prefix } = sources;
  const namedKeys = archiveKeys(sources);
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

/** URI of the object at a key of the sources' bucket; packages are named as they are. */
export function sourceUri({ bucket }: World, name: string): string {
  return name.startsWith(packageSource('')) ? name : `s3://${bucket}/${name}`;
}

/** The reverse of `sourceUri`. */
export function sourceName(world: World, uri: string): string {
  const bucket = sourceUri(world, '');
  return uri.startsWith(bucket) ? uri.slice(bucket.length) : uri;
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
