import {
  GetObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3';
import type { SourceSpec } from '@freshpoint/cdk/contract';
import { checkArchive } from '../archive/check-archive.ts';
import type { CheckView, SourceFile } from '../policy/observation.ts';
import { revisionOf, type SourceObject } from '../policy/revision.ts';
import type { CheckOptions, Sources } from '../ports.ts';
import { type Client, isNamed, pages, send, statusOf } from './client.ts';

/** Compressed bytes of an archive that a quick check reads: its first entries, or all of a small one. */
const QUICK_BYTES = 16 * 1024 ** 2;
/** How HeadObject answers when KMS refuses to decrypt the checksum: 403 without permission, 400 for a disabled key. */
const UNDECRYPTABLE_STATUSES: readonly (number | undefined)[] = [400, 403];
/** How the members of HeadObject's answer with a checksum begin, e.g. ChecksumCRC64NVME. */
const CHECKSUM_MEMBER = /^Checksum(?!Type$)/;

/** HeadObject, ListObjectsV2 and GetObject. */
export function s3Sources(client: Client, read = checkArchive): Sources {
  return {
    observe: (sources, instead = []) =>
      revisionOf(sources, (source) => {
        const known = instead.find(
          (object) => 'key' in source && object.bucket === source.bucket && object.key === source.key,
        );
        return known ? only(known) : open(client, source);
      }),
    async check(files, options) {
      const warnings: string[] = [];
      for (const file of files) {
        const found = await checkFile(client, read, file, options);
        if (found.kind !== 'passed') return found;
        warnings.push(...found.warnings);
      }
      return { kind: 'passed', warnings };
    },
  };
}

async function checkFile(
  client: Client,
  read: typeof checkArchive,
  file: SourceFile,
  { whole, isTimeUp }: CheckOptions,
): Promise<CheckView> {
  const { bucket, key, size } = file;
  const uri = `s3://${bucket}/${key}`;
  const limit = whole ? size : Math.min(size, QUICK_BYTES);
  try {
    const body = size === 0 ? nothing() : await bytesOf(client, file, limit);
    const verdict = await read(body, { uri, size, limit, isTimeUp });
    if (verdict.kind === 'refused') return verdict;
    if (!whole || verdict.whole) return { kind: 'passed', warnings: [] };
    const share = `${verdict.bytesRead} of ${size} bytes were read.`;
    const warning = `${uri} is too large to be read completely within the function's time: ${share}`;
    return { kind: 'passed', warnings: [warning] };
  } catch (error) {
    if (isNamed(error, 'PreconditionFailed', 'NoSuchKey', 'NotFound')) return { kind: 'changed' };
    // A fleet or a copy that has to read the object will report the error itself.
    if (isNamed(error, 'AccessDenied'))
      return { kind: 'passed', warnings: [`${uri} was not checked: ${error.message}`] };
    throw error;
  }
}

async function bytesOf(
  client: Client,
  { bucket, key, etag }: SourceFile,
  limit: number,
): Promise<AsyncIterable<Uint8Array>> {
  const range = { IfMatch: `"${etag}"`, Range: `bytes=0-${limit - 1}` };
  const { Body } = await send(client, new GetObjectCommand({ Bucket: bucket, Key: key, ...range }));
  // In Node, the SDK's body is a Readable, of which its type says nothing.
  return (Body ?? nothing()) as AsyncIterable<Uint8Array>;
}

async function* only(object: SourceObject): AsyncGenerator<SourceObject, undefined> {
  yield object;
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function* open(client: Client, source: SourceSpec): AsyncGenerator<SourceObject, undefined> {
  if ('key' in source) {
    const object = await head(client, source.bucket, source.key);
    if (object) yield object;
    return;
  }
  const { bucket, prefix, suffix = '' } = source;
  const listed = pages(
    (ContinuationToken: string | undefined) =>
      send(client, new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken })),
    (page) => page.NextContinuationToken,
  );
  for await (const page of listed) {
    for (const { Key = '', ETag = '', Size = 0, LastModified } of page.Contents ?? []) {
      if (Key.endsWith(suffix)) {
        yield { bucket, key: Key, etag: ETag, size: Size, lastModified: LastModified?.getTime() ?? 0 };
      }
    }
  }
}

async function head(client: Client, bucket: string, key: string): Promise<SourceObject | undefined> {
  try {
    const object = await describeObject(client, bucket, key);
    const { ETag = '', ContentLength = 0, LastModified, VersionId } = object;
    const checksum = fullChecksum(object);
    return {
      bucket,
      key,
      etag: ETag,
      size: ContentLength,
      lastModified: LastModified?.getTime() ?? 0,
      ...(checksum !== undefined && { checksum }),
      ...(VersionId !== undefined && { version: VersionId }),
    };
  } catch (error) {
    if (isNamed(error, 'NotFound', 'NoSuchKey')) return undefined;
    throw error;
  }
}

/** S3 decrypts the checksum; without the permission to, or with a disabled key, the rest can be read all the same. */
async function describeObject(client: Client, bucket: string, key: string): Promise<HeadObjectCommandOutput> {
  const object = { Bucket: bucket, Key: key };
  try {
    return await send(client, new HeadObjectCommand({ ...object, ChecksumMode: 'ENABLED' }));
  } catch (error) {
    if (!UNDECRYPTABLE_STATUSES.includes(statusOf(error))) throw error;
    return await send(client, new HeadObjectCommand(object));
  }
}

/** What identifies the content, however it was uploaded and encrypted. Undefined: S3 has no checksum of the whole. */
function fullChecksum(object: HeadObjectCommandOutput): string | undefined {
  if (object.ChecksumType !== 'FULL_OBJECT') return undefined;
  const found = Object.entries(object).find(([name]) => CHECKSUM_MEMBER.test(name));
  return found && `${found[0].replace(CHECKSUM_MEMBER, '').toLowerCase()}:${found[1]}`;
}
