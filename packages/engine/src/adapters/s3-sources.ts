import {
  type _Object,
  GetObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3';
import { type ArchiveSource, type SourceSpec, uriOf } from '@freshpoint/cdk/contract';
import { END_BYTES, endsLikeTar } from '../archive/archive-end.ts';
import { checkArchive } from '../archive/check-archive.ts';
import { statusOf } from '../errors.ts';
import { addPage, beginListing, type ListingProgress, listedSources, prefixOf } from '../policy/listing.ts';
import type { CheckView, MarkerView, SourceFile } from '../policy/observation.ts';
import type { SourceFault } from '../policy/pointer.ts';
import { type FoundSources, revisionOf, unquoteETag } from '../policy/revision.ts';
import { type SourceObject, sourceUriOf } from '../policy/source-object.ts';
import type { CheckOptions, ObserveOptions, Sources } from '../ports.ts';
import { ApprovedPackages } from './approved-packages.ts';
import { type Client, ifFound, isNamed, send } from './client.ts';
import { inParallel } from './parallel.ts';
import { bodyBytes, type ObjectAddress } from './s3-json.ts';
import { followPointer } from './s3-pointer.ts';
import type { ModelRegistry } from './sagemaker-registry.ts';

/** Compressed bytes of an archive that a quick check reads: its first entries, or all of a small one. */
const QUICK_BYTES = 16 * 1024 ** 2;
/** HeadObject requests at a time. */
const MAX_HEADS = 16;
/** HTTP status of a denied call: an answer to HeadObject has no error code. */
const FORBIDDEN = 403;
/** How the members of HeadObject's answer with a checksum begin, e.g. ChecksumCRC64NVME. */
const CHECKSUM_MEMBER = /^Checksum(?!Type$)/;

/** What reads the sources besides S3. */
export interface SourceReaders {
  /** For sources that are model packages. */
  readonly registry?: ModelRegistry;
  /** Reads archives. Default: the real check. */
  readonly read?: typeof checkArchive;
}

/** HeadObject, ListObjectsV2 and GetObject; and the Model Registry, where a source is a model package. */
export function s3Sources(client: Client, { registry, read = checkArchive }: SourceReaders = {}): Sources {
  return {
    async observe(sources, options) {
      // Before the sources: a marker that is as new as what is read later was written after all of it.
      const marker = await readMarker(client, sources);
      const { progress, isWhole } = await listPrefixes(client, sources, options);
      if (!isWhole) return { kind: 'unfinished', progress };
      const packages = new ApprovedPackages(registry);
      const found = await findAll({ client, packages }, sources, { ...options, progress });
      return { ...revisionOf(sources, progress, found), ...(marker && { marker }) };
    },
    async check(files, options) {
      const { progress, isTimeUp } = options;
      const before = progress?.checked ?? 0;
      const warnings = [...(progress?.warnings ?? [])];
      for (const [index, file] of files.entries()) {
        if (index < before) continue;
        // What was put off before comes first in this pass: no later one would have more time for it.
        const isFinal = progress !== undefined && index === before;
        const unfinished = { kind: 'unfinished', progress: { checked: index, warnings } } as const;
        if (isTimeUp() && !isFinal) return unfinished;
        const { isCut, ...found } = await checkFile(client, read, file, options);
        if (isCut && !isFinal) return unfinished;
        if (found.kind !== 'passed') return found;
        warnings.push(...found.warnings);
      }
      return { kind: 'passed', warnings };
    },
  };
}

/** `isCut`: time was up before as much was read as should be. */
type FileCheck = CheckView & { readonly isCut?: boolean };

async function checkFile(
  client: Client,
  read: typeof checkArchive,
  file: SourceFile,
  { whole, isTimeUp }: CheckOptions,
): Promise<FileCheck> {
  const { bucket, key, size } = file;
  const uri = `s3://${bucket}/${key}`;
  try {
    const isSuspect = !whole && size > QUICK_BYTES && !endsLikeTar(await endOf(client, file));
    const limit = whole || isSuspect ? size : Math.min(size, QUICK_BYTES);
    const body = size === 0 ? nothing() : await bytesOf(client, file, { from: 0, to: limit });
    let isCut = false;
    const isCutOff = () => {
      isCut = isTimeUp();
      return isCut;
    };
    const verdict = await read(body, { uri, size, limit, isTimeUp: isCutOff });
    if (verdict.kind === 'refused') return verdict;
    const { warnings } = verdict;
    if (verdict.whole || !(whole || isSuspect || isCut)) return { kind: 'passed', warnings };
    const seems = isSuspect ? 'does not end like a gzipped tar, so it may be truncated, and ' : '';
    const share = `${verdict.bytesRead} of ${limit} bytes were read.`;
    const warning = `${uri} ${seems}is too large to be read completely within the function's time: ${share}`;
    return { kind: 'passed', warnings: [...warnings, warning], isCut };
  } catch (error) {
    if (isNamed(error, 'PreconditionFailed', 'NoSuchKey', 'NotFound')) return { kind: 'changed' };
    // A fleet or a copy that has to read the object will report the error itself.
    if (isNamed(error, 'AccessDenied'))
      return { kind: 'passed', warnings: [`${uri} was not checked: ${error.message}`] };
    throw error;
  }
}

async function endOf(client: Client, file: SourceFile): Promise<Buffer> {
  const body = await bytesOf(client, file, { from: file.size - END_BYTES, to: file.size });
  return bodyBytes(body);
}

async function bytesOf(
  client: Client,
  { bucket, key, etag }: SourceFile,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<AsyncIterable<Uint8Array>> {
  const range = { IfMatch: `"${etag}"`, Range: `bytes=${from}-${to - 1}` };
  const { Body } = await send(client, new GetObjectCommand({ Bucket: bucket, Key: key, ...range }));
  // In Node, the SDK's body is a Readable, of which its type says nothing.
  return (Body ?? nothing()) as AsyncIterable<Uint8Array>;
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Lists the prefixes page by page, at least one page more than before. */
async function listPrefixes(
  client: Client,
  sources: readonly SourceSpec[],
  { isTimeUp, progress: before, instead = [] }: ObserveOptions,
): Promise<{ readonly progress: ListingProgress; readonly isWhole: boolean }> {
  const listed = listedSources(sources);
  let progress = before ?? beginListing(sources);
  for (let at = listed[progress.prefix]; at; at = listed[progress.prefix]) {
    const known = instead.filter((each) => sourceUriOf(each) === uriOf(at));
    if ('folder' in at && known.length > 0) {
      progress = addPage(progress, sources, { objects: known.map(asListed), isLast: true });
      continue;
    }
    const { bucket } = at;
    const list = { Bucket: bucket, Prefix: prefixOf(at), StartAfter: progress.after };
    const { Contents = [], IsTruncated } = await send(client, new ListObjectsV2Command(list));
    const objects = Contents.map((object) => listedObject(bucket, object));
    progress = addPage(progress, sources, { objects, isLast: !IsTruncated });
    if (isTimeUp()) break;
  }
  return { progress, isWhole: progress.prefix === listed.length };
}

/** An object that is known, as a listing finds it. */
function asListed({ chosenBy: _, ...object }: SourceObject): SourceObject {
  return object;
}

function listedObject(bucket: string, { Key = '', ETag = '', Size = 0, LastModified }: _Object): SourceObject {
  return { bucket, key: Key, etag: unquoteETag(ETag), size: Size, lastModified: LastModified?.getTime() ?? 0 };
}

async function readMarker(client: Client, sources: readonly SourceSpec[]): Promise<MarkerView | undefined> {
  const source = sources.find((each) => 'marker' in each);
  if (!source) return undefined;
  const object = await head(client, source.bucket, source.marker, 'asked');
  return { uri: uriOf(source), ...(object && { lastModified: object.lastModified }) };
}

/** Where the object of a source is. */
interface ObjectLocation extends Pick<SourceObject, 'bucket' | 'key' | 'chosenBy'> {
  /** If there is no object. Absent: then it is missing. */
  readonly dangling?: SourceFault;
}

/** What finds the objects of sources. */
interface Finder {
  readonly client: Client;
  readonly packages: ApprovedPackages;
}

/** The objects that sources name by their keys or chose, as far as they exist; `instead`: objects that are known. */
async function findAll(
  finder: Finder,
  sources: readonly SourceSpec[],
  { progress, instead = [], data }: ObserveOptions & { readonly progress: ListingProgress },
): Promise<FoundSources> {
  const known = (source: SourceSpec) => instead.find((object) => sourceUriOf(object) === uriOf(source));
  const named = sources.flatMap((source) =>
    'prefix' in source || 'folder' in source || 'marker' in source ? [] : source,
  );
  const objects = named.flatMap((source) => known(source) ?? []);
  const faults: SourceFault[] = [];
  const failures = await inParallel(
    named.filter((source) => !known(source)),
    async (source) => {
      const location = await locate(finder, source, progress);
      if (location && 'message' in location) faults.push(location);
      if (!location || 'message' in location) return;
      const { bucket, key, chosenBy, dangling } = location;
      const isCopied = data?.files.some((file) => uriOf(file) === uriOf(source));
      const object = await head(finder.client, bucket, key, isCopied ? 'needed' : 'asked');
      if (!object && dangling) faults.push(dangling);
      if (!object) return;
      const lastModified = Math.max(object.lastModified, dangling?.lastModified ?? 0);
      objects.push({ ...object, lastModified, ...(chosenBy !== undefined && { chosenBy }) });
    },
    { limit: MAX_HEADS, isTimeUp: () => false },
  );
  if (failures.length > 0) throw failures[0];
  return { objects, faults };
}

/** Where the object is that a source names or chooses, or why it names none. Undefined: it is missing. */
async function locate(
  { client, packages }: Finder,
  source: ArchiveSource,
  { chosen = [] }: ListingProgress,
): Promise<ObjectLocation | SourceFault | undefined> {
  if ('key' in source) return source;
  const chosenBy = uriOf(source);
  if ('newestBelow' in source) return chosen.find((object) => object.chosenBy === chosenBy);
  const named = 'pointer' in source ? await followPointer(client, source) : await packages.locate(source);
  return named && 'target' in named ? { ...named.target, chosenBy, dangling: named.dangling } : named;
}

/** `needed`: a checksum that KMS denies is an error. */
type ChecksumRequest = 'needed' | 'asked';

async function head(
  client: Client,
  bucket: string,
  key: string,
  checksum: ChecksumRequest,
): Promise<SourceObject | undefined> {
  const object = await ifFound(() => describeObject(client, { Bucket: bucket, Key: key }, checksum));
  if (!object) return undefined;
  const { ETag = '', ContentLength = 0, LastModified, VersionId } = object;
  const fullObject = fullChecksum(object);
  return {
    bucket,
    key,
    etag: unquoteETag(ETag),
    size: ContentLength,
    lastModified: LastModified?.getTime() ?? 0,
    ...(fullObject !== undefined && { checksum: fullObject }),
    ...(VersionId !== undefined && { version: VersionId }),
  };
}

/**
 * S3 decrypts the checksum, by the caller's permission; without it, the rest can be read all the same. Any other error
 * must not change how an object is identified, nor this one where the permission is needed anyhow, and only gone for a
 * while: what is identified in another way is newer than what a person rolled back.
 */
async function describeObject(
  client: Client,
  object: ObjectAddress,
  checksum: ChecksumRequest,
): Promise<HeadObjectCommandOutput> {
  try {
    return await send(client, new HeadObjectCommand({ ...object, ChecksumMode: 'ENABLED' }));
  } catch (error) {
    if (statusOf(error) !== FORBIDDEN || checksum === 'needed') throw error;
    const described = await send(client, new HeadObjectCommand(object));
    if (!described.ServerSideEncryption?.startsWith('aws:kms')) throw error;
    return described;
  }
}

/** What identifies the content, however it was uploaded and encrypted. Undefined: S3 has no checksum of the whole. */
function fullChecksum(object: HeadObjectCommandOutput): string | undefined {
  if (object.ChecksumType !== 'FULL_OBJECT') return undefined;
  const found = Object.entries(object).find(([name]) => CHECKSUM_MEMBER.test(name));
  return found && `${found[0].replace(CHECKSUM_MEMBER, '').toLowerCase()}:${found[1]}`;
}
