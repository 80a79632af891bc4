import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import type { PartialCopy } from '../policy/lease.ts';
import { unquoteETag } from '../policy/revision.ts';
import type { StagingOptions } from '../ports.ts';
import { type Client, isNamed, pages, send } from './client.ts';
import { inParallel } from './parallel.ts';
import { type Copy, type CopyLimits, copySource, isSeenVersion, writeCondition } from './s3-copy-request.ts';

/** The most parts that S3 accepts in one upload. */
const MAX_PARTS = 10_000;

export type PartsOptions = StagingOptions & { readonly limits: CopyLimits };

export type PartsOutcome =
  | { readonly kind: 'copied'; readonly etag: string }
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
  const { limits, isTimeUp } = options;
  const failures = await inParallel(missing, copyPart, { limit: limits.maxParallelParts, isTimeUp });
  // A change of the source ends the copy, even if another part failed first.
  if (failures.some((failure) => failure instanceof SourceChanged || isNamed(failure, 'PreconditionFailed'))) {
    await send(client, new AbortMultipartUploadCommand(upload));
    return { kind: 'changed' };
  }
  if (failures.length > 0) throw failures[0];
  if (parts.size < count) return { kind: 'unfinished', partialCopy };
  const Parts = [...parts].sort(([one], [other]) => one - other).map(([PartNumber, ETag]) => ({ PartNumber, ETag }));
  const { ETag = '' } = await send(
    client,
    new CompleteMultipartUploadCommand({ ...upload, ...writeCondition(copy), MultipartUpload: { Parts } }),
  );
  return { kind: 'copied', etag: unquoteETag(ETag) };
}

/** A part was copied from another version of the source. */
class SourceChanged extends Error {}

/** The upload that an earlier pass began for the same bytes; undefined when there is none to resume. */
async function resumeUpload(client: Client, { to }: Copy, { partialCopy }: PartsOptions): Promise<Upload | undefined> {
  if (partialCopy?.key !== to.key) return undefined;
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

async function beginUpload(client: Client, { to, metadata }: Copy, { begun }: PartsOptions): Promise<Upload> {
  const target = { Bucket: to.bucket, Key: to.key };
  const { UploadId } = await send(client, new CreateMultipartUploadCommand({ ...target, Metadata: { ...metadata } }));
  if (UploadId === undefined) throw new Error(`CreateMultipartUpload returned no UploadId for ${to.key}.`);
  const partialCopy = { key: to.key, uploadId: UploadId };
  await begun(partialCopy);
  return { partialCopy, parts: new Map() };
}
