import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  type CopyObjectOutput,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadOutput,
  ListPartsCommand,
  type ListPartsOutput,
  UploadPartCopyCommand,
  type UploadPartCopyOutput,
} from '@aws-sdk/client-s3';
import type { PartialCopy } from '../policy/state.ts';
import { type Client, isNamed } from './client.ts';

/** How objects are copied. */
export interface CopyLimits {
  /** Larger objects are copied in parts, side by side. In bytes; S3 itself takes up to 5 GB in one go. */
  readonly maxWholeBytes: number;
  readonly partBytes: number;
  readonly maxParallelParts: number;
}

export const COPY_LIMITS: CopyLimits = {
  maxWholeBytes: 512 * 1024 ** 2,
  partBytes: 256 * 1024 ** 2,
  maxParallelParts: 16,
};

/** S3 takes so many parts. */
const MAX_PARTS = 10_000;

/** One object to be copied server-side. */
export interface Copy {
  /** With a version: that one, whatever is there by now. */
  readonly from: { readonly bucket: string; readonly key: string; readonly version?: string };
  /** The version that was seen at the source. */
  readonly seen?: string;
  readonly to: { readonly bucket: string; readonly key: string };
  /** Of the source: other bytes are not copied. */
  readonly etag: string;
  /** Of the source, in bytes. */
  readonly size: number;
  /** ETag of what is replaced; absent: nothing is. Whatever else is there by then stays. */
  readonly over?: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What became of a copy. */
export type CopyOutcome =
  | { readonly kind: 'copied' }
  /** The source has other bytes by now, or what was to be replaced is not there any more. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'unfinished'; readonly partialCopy: PartialCopy };

export interface CopyOptions {
  readonly limits: CopyLimits;
  readonly isTimeUp: () => boolean;
  readonly partialCopy?: PartialCopy;
  readonly begun: (partialCopy: PartialCopy) => Promise<void>;
}

/** Copies one object within S3: pinned to what was seen at the source and at the place. Throws what S3 refuses otherwise. */
export async function copyObject(client: Client, copy: Copy, options: CopyOptions): Promise<CopyOutcome> {
  try {
    return copy.size <= options.limits.maxWholeBytes
      ? await copyWhole(client, copy)
      : await copyInParts(client, copy, options);
  } catch (error) {
    if (isNamed(error, 'PreconditionFailed', 'ConditionalRequestConflict')) return { kind: 'changed' };
    if (isNamed(error, 'NoSuchKey', 'NoSuchVersion', 'NotFound')) return { kind: 'gone' };
    throw error;
  }
}

async function copyWhole(client: Client, copy: Copy): Promise<CopyOutcome> {
  const { to, seen, metadata } = copy;
  const output: CopyObjectOutput & { CopySourceVersionId?: string } = await client.send(
    new CopyObjectCommand({
      Bucket: to.bucket,
      Key: to.key,
      ...sourceOf(copy),
      ...conditionOf(copy),
      MetadataDirective: 'REPLACE',
      Metadata: { ...metadata },
      // The source's tags are its own, and reading them would need one more permission.
      TaggingDirective: 'REPLACE',
    }),
  );
  return isSameVersion(seen, output.CopySourceVersionId) ? { kind: 'copied' } : { kind: 'changed' };
}

async function copyInParts(client: Client, copy: Copy, options: CopyOptions): Promise<CopyOutcome> {
  const { to, seen, size, etag } = copy;
  const { partialCopy, done } = await resumed(client, copy, options);
  const target = { Bucket: to.bucket, Key: to.key, UploadId: partialCopy.uploadId };
  const partBytes = Math.max(options.limits.partBytes, Math.ceil(size / MAX_PARTS));
  const count = Math.ceil(size / partBytes);
  const left = Array.from({ length: count }, (_, index) => index + 1).filter((number) => !done.has(number));
  let isChanged = false;
  let failure: unknown;

  const copyPart = async (number: number): Promise<void> => {
    const start = (number - 1) * partBytes;
    const end = Math.min(size, start + partBytes) - 1;
    const output: UploadPartCopyOutput = await client.send(
      new UploadPartCopyCommand({
        ...target,
        PartNumber: number,
        ...sourceOf(copy),
        CopySourceRange: `bytes=${start}-${end}`,
      }),
    );
    if (!isSameVersion(seen, output.CopySourceVersionId)) isChanged = true;
    done.set(number, { PartNumber: number, ETag: output.CopyPartResult?.ETag });
  };
  // Each of them takes one part at least, so that every look gets on.
  const worker = async (): Promise<void> => {
    for (let number = left.shift(); number !== undefined; number = left.shift()) {
      try {
        await copyPart(number);
      } catch (error) {
        failure ??= error;
      }
      if (failure !== undefined || isChanged || options.isTimeUp()) return;
    }
  };
  await Promise.all(Array.from({ length: options.limits.maxParallelParts }, worker));
  if (isChanged || isNamed(failure, 'PreconditionFailed')) {
    await client.send(new AbortMultipartUploadCommand(target));
    return { kind: 'changed' };
  }
  if (failure !== undefined) throw failure;
  if (done.size < count)
    return { kind: 'unfinished', partialCopy: { key: to.key, uploadId: partialCopy.uploadId, etag } };
  const Parts = [...done.values()].sort((one, other) => one.PartNumber! - other.PartNumber!);
  await client.send(
    new CompleteMultipartUploadCommand({ ...target, ...conditionOf(copy), MultipartUpload: { Parts } }),
  );
  return { kind: 'copied' };
}

/** The upload that was begun for these bytes, with the parts that it has; or a new one. */
async function resumed(
  client: Client,
  { to, etag, metadata }: Copy,
  { partialCopy, begun }: CopyOptions,
): Promise<{ readonly partialCopy: PartialCopy; readonly done: Map<number, CompletedPart> }> {
  const done = new Map<number, CompletedPart>();
  if (partialCopy?.key === to.key && partialCopy.etag === etag) {
    try {
      let marker: string | undefined;
      do {
        const page: ListPartsOutput = await client.send(
          new ListPartsCommand({
            Bucket: to.bucket,
            Key: to.key,
            UploadId: partialCopy.uploadId,
            PartNumberMarker: marker,
          }),
        );
        for (const { PartNumber, ETag } of page.Parts ?? []) done.set(PartNumber!, { PartNumber, ETag });
        marker = page.IsTruncated ? page.NextPartNumberMarker : undefined;
      } while (marker !== undefined);
      return { partialCopy, done };
    } catch (error) {
      if (!isNamed(error, 'NoSuchUpload')) throw error;
      done.clear();
    }
  }
  const { UploadId }: CreateMultipartUploadOutput = await client.send(
    new CreateMultipartUploadCommand({ Bucket: to.bucket, Key: to.key, Metadata: { ...metadata } }),
  );
  const fresh = { key: to.key, uploadId: UploadId!, etag };
  await begun(fresh);
  return { partialCopy: fresh, done };
}

function sourceOf({ from: { bucket, key, version }, etag }: Copy): { CopySource: string; CopySourceIfMatch: string } {
  const path = key.split('/').map(encodeURIComponent).join('/');
  const query = version === undefined ? '' : `?versionId=${encodeURIComponent(version)}`;
  return { CopySource: `${bucket}/${path}${query}`, CopySourceIfMatch: `"${etag}"` };
}

function conditionOf({ over }: Copy): { IfMatch: string } | { IfNoneMatch: '*' } {
  return over === undefined ? { IfNoneMatch: '*' } : { IfMatch: `"${over}"` };
}

/** Written again with the same bytes: what was seen is not what was copied. */
function isSameVersion(seen: string | undefined, copied: string | undefined): boolean {
  return seen === undefined || copied === undefined || seen === copied;
}
