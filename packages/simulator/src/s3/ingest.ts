import type { BlobReferences } from './blob-references.ts';
import type { BlobSink } from './blob-store.ts';
import {
  type ChecksumAlgorithm,
  type ChecksumMembers,
  DEFAULT_CHECKSUM,
  declaredChecksum,
  isBase64Of,
  startDigest,
} from './checksums.ts';
import { badDigest, invalidRequest, s3Error } from './errors.ts';
import type { Content } from './model.ts';
import { detailsOf } from './request-details.ts';

/** Maximum size of one PutObject, UploadPart or CopyObject: 5 GiB. */
export const MAX_SINGLE_PUT_BYTES = 5 * 1024 ** 3;

/** The types of Body that operations accept. */
type UploadBody = undefined | string | Uint8Array | AsyncIterable<Uint8Array | string>;

interface UploadInput extends ChecksumMembers {
  readonly Body?: unknown;
  readonly ContentLength?: number | undefined;
  readonly ContentMD5?: string | undefined;
  readonly ChecksumAlgorithm?: string | undefined;
}

/** The algorithm of an upload's checksum, which comes as a header or as a trailer. Throws InvalidRequest. */
export function uploadAlgorithm(input: UploadInput): ChecksumAlgorithm | undefined {
  const declared = declaredChecksum(input);
  if (declared?.value !== undefined) return declared.algorithm;
  return detailsOf(input)?.trailer?.algorithm ?? declared?.algorithm;
}

/**
 * Streams a body into a blob, one chunk in memory at a time, and checks it against the request's digests and length.
 * The caller owns the content, retained once. Throws BadDigest, InvalidDigest, IncompleteBody, EntityTooLarge,
 * XAmzContentSHA256Mismatch, or the body's own error, and then leaves no blob.
 * @param kept the checksum to store; default: the one that the request declares, or the one that S3 adds
 */
export async function ingest(
  blobs: BlobReferences,
  input: UploadInput,
  kept: ChecksumAlgorithm = uploadAlgorithm(input) ?? DEFAULT_CHECKSUM.algorithm,
): Promise<Content> {
  const { payloadSha256, trailer } = detailsOf(input) ?? {};
  const { ContentMD5, ContentLength } = input;
  const declared = declaredChecksum(input);
  const claimed = uploadAlgorithm(input) ?? kept;
  if (ContentMD5 !== undefined && !isBase64Of(ContentMD5, 16)) throw s3Error('InvalidDigest');
  checkSize(ContentLength ?? 0);

  const algorithms = new Set<ChecksumAlgorithm | 'MD5'>(['MD5', kept, claimed]);
  if (payloadSha256 !== undefined) algorithms.add('SHA256');
  const digests = [...algorithms].map((algorithm) => ({ algorithm, digest: startDigest(algorithm) }));
  let sink: BlobSink | undefined;
  try {
    let size = 0;
    for await (const chunk of chunksOf(input.Body as UploadBody)) {
      if (chunk.length === 0) continue;
      size += chunk.length;
      checkSize(size);
      sink ??= await blobs.create();
      // The write runs in the thread pool while this thread hashes.
      const written = sink.write(chunk);
      for (const { digest } of digests) digest.update(chunk);
      await written;
    }
    if (ContentLength !== undefined && size !== ContentLength) throw s3Error('IncompleteBody');

    const sums: Partial<Record<ChecksumAlgorithm | 'MD5', Buffer>> = {};
    for (const { algorithm, digest } of digests) sums[algorithm] = await digest.end();
    const base64 = (algorithm: ChecksumAlgorithm | 'MD5') => sums[algorithm]?.toString('base64') ?? '';
    if (ContentMD5 !== undefined && base64('MD5') !== ContentMD5) throw badDigest('Content-MD5');
    if (payloadSha256 !== undefined && sums.SHA256?.toString('hex') !== payloadSha256) {
      throw s3Error('XAmzContentSHA256Mismatch');
    }
    const expected = declared?.value ?? expectedFromTrailer(trailer);
    if (expected !== undefined && expected !== base64(claimed)) throw badDigest(claimed);

    const blob = await sink?.commit();
    sink = undefined;
    const segments = blob === undefined ? [] : [{ blob, start: 0, length: size }];
    blobs.retain(segments);
    const checksum = { algorithm: kept, value: base64(kept), type: 'FULL_OBJECT' } as const;
    return { size, etag: sums.MD5?.toString('hex') ?? '', segments, checksum };
  } finally {
    await sink?.abort();
  }
}

function checkSize(size: number): void {
  if (size <= MAX_SINGLE_PUT_BYTES) return;
  throw s3Error('EntityTooLarge', { ProposedSize: size, MaxSizeAllowed: MAX_SINGLE_PUT_BYTES });
}

function expectedFromTrailer(trailer: { value(): string | undefined } | undefined): string | undefined {
  if (!trailer) return undefined;
  const value = trailer.value();
  if (value === undefined) throw invalidRequest('The trailer that the x-amz-trailer header announced is missing.');
  return value;
}

async function* chunksOf(body: UploadBody): AsyncGenerator<Uint8Array> {
  if (body === undefined || body === null) return;
  if (typeof body === 'string') yield Buffer.from(body);
  else if (body instanceof Uint8Array) yield body;
  else for await (const chunk of body) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
}
