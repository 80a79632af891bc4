import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import type { PartialCopy } from '../policy/lease.ts';
import type { StagingOptions } from '../ports.ts';
import { type Client, isNamed, pages, send } from './client.ts';
import { type Copy, type CopyLimits, copySource, isSeenVersion, writeCondition } from './s3-copy-request.ts';

/** The most parts that S3 accepts in one upload. */
const MAX_PARTS = 10_000;

export type PartsOptions = StagingOptions & { readonly limits: CopyLimits };

export type PartsOutcome =
  | { readonly kind: 'copied' }
  /** The source has other bytes by now. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'unfinished'; readonly partialCopy: PartialCopy };

/** ETags of the parts that are copied, by part number. */
type Parts = Map<number, string | undefined>;

/** A multipart upload with the parts that it has. */
interface Upload {
  readonly partialCopy: PartialCopy;
  readonly parts: Parts;
}

/** Copies an object in parts. When time is up, it stops; a later call with the partial copy resumes it. */
export async function copyInParts(client: Client, copy: Copy, options: PartsOptions): Promise<PartsOutcome> {
  const { to, size } = copy;
  const { partialCopy, parts } =
    (await resumeUpload(client, copy, options)) ?? (await beginUpload(client, copy, options));
  const upload = { Bucket: to.bucket, Key: to.key, UploadId: partialCopy.uploadId };
  const partBytes = Math.max(options.limits.partBytes, Math.ceil(size / MAX_PARTS));
  const count = Math.ceil(size / partBytes);

  const copyPart = async (number: number): Promise<void> => {
    const start = (number - 1) * partBytes;
    const end = Math.min(size, start + partBytes) - 1;
    const range = { PartNumber: number, CopySourceRange: `bytes=${start}-${end}` };
    const output = await send(client, new UploadPartCopyCommand({ ...upload, ...range, ...copySource(copy) }));
    if (!isSeenVersion(copy, output.CopySourceVersionId)) throw new SourceChanged();
    parts.set(number, output.CopyPartResult?.ETag);
  };
  const missing = Array.from({ length: count }, (_, index) => index + 1).filter((number) => !parts.has(number));
  const failure = await inParallel(missing, copyPart, options);
  if (failure instanceof SourceChanged || isNamed(failure, 'PreconditionFailed')) {
    await send(client, new AbortMultipartUploadCommand(upload));
    return { kind: 'changed' };
  }
  if (failure !== undefined) throw failure;
  if (parts.size < count) return { kind: 'unfinished', partialCopy };
  const Parts = [...parts].sort(([one], [other]) => one - other).map(([PartNumber, ETag]) => ({ PartNumber, ETag }));
  await send(
    client,
    new CompleteMultipartUploadCommand({ ...upload, ...writeCondition(copy), MultipartUpload: { Parts } }),
  );
  return { kind: 'copied' };
}

/** A part was copied from another version of the source. */
class SourceChanged extends Error {}

/**
 * Copies parts until time is up or one fails; returns the first failure when no request is in flight any more. Each
 * worker copies at least one part, so every pass makes progress.
 */
async function inParallel(
  numbers: readonly number[],
  copyPart: (number: number) => Promise<void>,
  { limits, isTimeUp }: PartsOptions,
): Promise<unknown> {
  const left = [...numbers];
  let failure: unknown;
  const work = async (): Promise<void> => {
    for (let number = left.shift(); number !== undefined; number = left.shift()) {
      try {
        await copyPart(number);
      } catch (error) {
        // A change of the source ends the copy, even if another part failed first.
        failure = failure === undefined || error instanceof SourceChanged ? error : failure;
      }
      if (failure !== undefined || isTimeUp()) return;
    }
  };
  await Promise.all(Array.from({ length: limits.maxParallelParts }, work));
  return failure;
}

/** The upload that an earlier pass began for the same bytes; undefined when there is none to resume. */
async function resumeUpload(
  client: Client,
  { to, etag }: Copy,
  { partialCopy }: PartsOptions,
): Promise<Upload | undefined> {
  if (partialCopy?.key !== to.key || partialCopy.etag !== etag) return undefined;
  const upload = { Bucket: to.bucket, Key: to.key, UploadId: partialCopy.uploadId };
  const parts: Parts = new Map();
  const listed = pages(
    (PartNumberMarker: string | undefined) => send(client, new ListPartsCommand({ ...upload, PartNumberMarker })),
    (page) => (page.IsTruncated ? page.NextPartNumberMarker : undefined),
  );
  try {
    for await (const page of listed) {
      for (const { PartNumber, ETag } of page.Parts ?? []) {
        if (PartNumber !== undefined) parts.set(PartNumber, ETag);
      }
    }
    return { partialCopy, parts };
  } catch (error) {
    if (isNamed(error, 'NoSuchUpload')) return undefined;
    throw error;
  }
}

async function beginUpload(client: Client, { to, etag, metadata }: Copy, { begun }: PartsOptions): Promise<Upload> {
  const target = { Bucket: to.bucket, Key: to.key };
  const { UploadId } = await send(client, new CreateMultipartUploadCommand({ ...target, Metadata: { ...metadata } }));
  if (UploadId === undefined) throw new Error(`CreateMultipartUpload returned no UploadId for ${to.key}.`);
  const partialCopy = { key: to.key, uploadId: UploadId, etag };
  await begun(partialCopy);
  return { partialCopy, parts: new Map() };
}
