import {
  GetObjectCommand,
  type GetObjectOutput,
  HeadObjectCommand,
  type HeadObjectOutput,
  ListObjectsV2Command,
  type ListObjectsV2Output,
} from '@aws-sdk/client-s3';
import type { SourceSpec } from '@freshpoint/cdk/contract';
import { checkArchive } from '../archive/check-archive.ts';
import type { CheckView, SourceFile } from '../policy/observation.ts';
import { revisionOf, type SourceObject } from '../policy/revision.ts';
import type { Sources } from '../ports.ts';
import { type Client, isNamed } from './client.ts';

/** Compressed bytes of an archive that a quick check reads: its first entries, all of a small one. */
const QUICK_BYTES = 16 * 1024 ** 2;

/** HeadObject, ListObjectsV2 and GetObject. */
export function s3Sources(client: Client, read = checkArchive): Sources {
  return {
    observe: (sources) => revisionOf(sources, (source) => open(client, source)),
    async check(files, { whole, isTimeUp }) {
      const warnings: string[] = [];
      for (const file of files) {
        const found = await checkFile(client, read, file, whole, isTimeUp);
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
  { bucket, key, etag, size }: SourceFile,
  whole: boolean,
  isTimeUp: () => boolean,
): Promise<CheckView> {
  const uri = `s3://${bucket}/${key}`;
  const limit = whole ? size : Math.min(size, QUICK_BYTES);
  const options = { uri, size, limit, isTimeUp };
  try {
    const verdict = await read(size === 0 ? nothing() : await bytesOf(client, bucket, key, etag, limit), options);
    if (verdict.kind === 'refused') return verdict;
    if (!whole || verdict.whole) return { kind: 'passed', warnings: [] };
    const share = `${verdict.bytesRead} of ${size} bytes`;
    return { kind: 'passed', warnings: [`${uri} is too large to be read whole in the function's time: ${share} were`] };
  } catch (error) {
    if (isNamed(error, 'PreconditionFailed', 'NoSuchKey', 'NotFound')) return { kind: 'changed' };
    // What must read it, a fleet or a copy, will say so itself.
    if (!isNamed(error, 'AccessDenied')) throw error;
    return { kind: 'passed', warnings: [`${uri} was not checked: ${(error as Error).message}`] };
  }
}

async function bytesOf(
  client: Client,
  bucket: string,
  key: string,
  etag: string,
  limit: number,
): Promise<AsyncIterable<Uint8Array>> {
  const output: GetObjectOutput = await client.send(
    new GetObjectCommand({ Bucket: bucket, Key: key, IfMatch: `"${etag}"`, Range: `bytes=0-${limit - 1}` }),
  );
  return output.Body as unknown as AsyncIterable<Uint8Array>;
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function* open(client: Client, source: SourceSpec): AsyncGenerator<SourceObject, undefined> {
  if ('key' in source) {
    const object = await head(client, source.bucket, source.key);
    if (object) yield object;
    return;
  }
  const { bucket, prefix, suffix = '' } = source;
  let ContinuationToken: string | undefined;
  do {
    const page: ListObjectsV2Output = await client.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken }),
    );
    for (const { Key = '', ETag = '', Size = 0, LastModified } of page.Contents ?? []) {
      if (Key.endsWith(suffix)) {
        yield { bucket, key: Key, etag: ETag, size: Size, lastModified: LastModified?.getTime() ?? 0 };
      }
    }
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken);
}

async function head(client: Client, bucket: string, key: string): Promise<SourceObject | undefined> {
  try {
    const object: HeadObjectOutput = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    const { ETag = '', ContentLength = 0, LastModified, VersionId } = object;
    const version = VersionId === undefined ? {} : { version: VersionId };
    return { bucket, key, etag: ETag, size: ContentLength, lastModified: LastModified?.getTime() ?? 0, ...version };
  } catch (error) {
    if (isNamed(error, 'NotFound', 'NoSuchKey')) return undefined;
    throw error;
  }
}
