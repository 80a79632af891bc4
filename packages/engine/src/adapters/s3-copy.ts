import { CopyObjectCommand } from '@aws-sdk/client-s3';
import type { PartialCopy } from '../policy/lease.ts';
import { unquoteETag } from '../policy/revision.ts';
import { type Client, isNamed, send } from './client.ts';
import { type Copy, type CopyLimits, copySource, isSeenVersion, writeCondition } from './s3-copy-request.ts';
import { copyInParts, type PartsOptions } from './s3-resumable-copy.ts';

export const COPY_LIMITS: CopyLimits = {
  maxWholeBytes: 512 * 1024 ** 2,
  partBytes: 256 * 1024 ** 2,
  maxParallelParts: 16,
};

/** The outcome of a copy. */
export type CopyOutcome =
  | { readonly kind: 'copied'; readonly etag: string }
  /** The source has other bytes by now, or the object to replace is another one. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'unfinished'; readonly partialCopy: PartialCopy };

/**
 * Copies one object within S3, if source and target still are what was observed. Throws errors of S3 other than failed
 * preconditions.
 */
export async function copyObject(client: Client, copy: Copy, options: PartsOptions): Promise<CopyOutcome> {
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
  const { to, metadata } = copy;
  const output = await send(
    client,
    new CopyObjectCommand({
      Bucket: to.bucket,
      Key: to.key,
      ...copySource(copy),
      ...writeCondition(copy),
      MetadataDirective: 'REPLACE',
      Metadata: { ...metadata },
      // Copying the source's tags would need one more permission.
      TaggingDirective: 'REPLACE',
    }),
  );
  if (!isSeenVersion(copy, output.CopySourceVersionId)) return { kind: 'changed' };
  return { kind: 'copied', etag: unquoteETag(output.CopyObjectResult?.ETag ?? '') };
}
