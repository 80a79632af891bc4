import type { BlobReferences } from './blob-references.ts';
import type { BlobSink } from './blob-store.ts';
import { type BodyInput, claimsOf } from './body-digests.ts';
import { type ChecksumAlgorithm, startDigests } from './checksums.ts';
import { s3Error } from './errors.ts';
import type { Content } from './model.ts';

/** Maximum size of one PutObject, UploadPart or CopyObject: 5 GiB. */
export const MAX_SINGLE_PUT_BYTES = 5 * 1024 ** 3;

/** The types of Body that operations accept. */
type UploadBody = undefined | string | Uint8Array | AsyncIterable<Uint8Array | string>;

interface UploadInput extends BodyInput {
  readonly Body?: unknown;
  readonly ContentLength?: number | undefined;
}

/**
 * Streams a body into a blob, one chunk in memory at a time, and checks it against the request's digests and length.
 * The caller owns the content, retained once. Throws BadDigest, InvalidDigest, IncompleteBody, EntityTooLarge,
 * XAmzContentSHA256Mismatch, or the body's own error, and then leaves no blob.
 * @param keep as for `claimsOf`
 */
export async function ingest(blobs: BlobReferences, input: UploadInput, keep?: ChecksumAlgorithm): Promise<Content> {
  const { Body, ContentLength } = input;
  const claims = claimsOf(input, keep);
  checkSize(ContentLength ?? 0);
  let sink: BlobSink | undefined;
  try {
    let size = 0;
    for await (const chunk of chunksOf(Body as UploadBody)) {
      if (chunk.length === 0) continue;
      size += chunk.length;
      checkSize(size);
      sink ??= await blobs.create(claims.algorithms);
      await sink.write(chunk);
    }
    if (ContentLength !== undefined && size !== ContentLength) throw s3Error('IncompleteBody');
    const sums = claims.check(await (sink?.digests() ?? startDigests(claims.algorithms).end()));
    const blob = await sink?.commit();
    sink = undefined;
    const segments = blob === undefined ? [] : [{ blob, start: 0, length: size }];
    blobs.retain(segments);
    return { size, segments, ...sums };
  } finally {
    await sink?.abort();
  }
}

function checkSize(size: number): void {
  if (size <= MAX_SINGLE_PUT_BYTES) return;
  throw s3Error('EntityTooLarge', { ProposedSize: size, MaxSizeAllowed: MAX_SINGLE_PUT_BYTES });
}

async function* chunksOf(body: UploadBody): AsyncGenerator<Uint8Array> {
  if (body === undefined || body === null) return;
  if (typeof body === 'string') yield Buffer.from(body);
  else if (body instanceof Uint8Array) yield body;
  else for await (const chunk of body) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
}
