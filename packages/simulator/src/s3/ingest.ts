import type { BlobReferences } from './blob-references.ts';
import type { BlobSink } from './blob-store.ts';
import {
  type ChecksumAlgorithm,
  type ChecksumMembers,
  DEFAULT_CHECKSUM,
  type DigestAlgorithm,
  declaredChecksum,
  isBase64Of,
  startDigests,
} from './checksums.ts';
import { badDigest, entityTooLarge, incompleteBody, invalidRequest, payloadMismatch, S3Error } from './errors.ts';
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
  readonly ChecksumAlgorithm?: string;
}

/** The algorithm of an upload's checksum, which comes as a header or as a trailer. Throws InvalidRequest. */
export function uploadAlgorithm(input: UploadInput): ChecksumAlgorithm | undefined {
  const declared = declaredChecksum(input);
  return declared?.value === undefined
    ? (detailsOf(input)?.trailer?.algorithm ?? declared?.algorithm)
    : declared.algorithm;
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
  const declared = declaredChecksum(input);
  const claimed = uploadAlgorithm(input) ?? kept;
  checkDeclared(input);

  const algorithms = [
    ...new Set<DigestAlgorithm>(['MD5', kept, claimed, ...(payloadSha256 ? ['SHA256' as const] : [])]),
  ];

  let sink: BlobSink | undefined;
  try {
    let size = 0;
    for await (const chunk of chunksOf(input.Body as UploadBody)) {
      if (chunk.length === 0) continue;
      size += chunk.length;
      if (size > MAX_SINGLE_PUT_BYTES) throw entityTooLarge(size, MAX_SINGLE_PUT_BYTES);
      sink ??= await blobs.create(algorithms);
      await sink.write(chunk);
    }
    if (input.ContentLength !== undefined && size !== input.ContentLength) throw incompleteBody();

    const digests = await (sink?.digests() ?? startDigests(algorithms).end());
    const digest = (algorithm: DigestAlgorithm) => Buffer.from(digests.get(algorithm) ?? []);
    const md5 = digest('MD5');
    if (input.ContentMD5 !== undefined && md5.toString('base64') !== input.ContentMD5) throw badDigest('Content-MD5');
    if (payloadSha256 && digest('SHA256').toString('hex') !== payloadSha256) throw payloadMismatch();
    const expected = declared?.value ?? expectedFromTrailer(trailer);
    if (expected !== undefined && expected !== digest(claimed).toString('base64')) throw badDigest(claimed);
    const value = digest(kept).toString('base64');

    const blob = await sink?.commit();
    sink = undefined;
    const segments = blob === undefined ? [] : [{ blob, start: 0, length: size }];
    blobs.retain(segments);
    return {
      size,
      etag: md5.toString('hex'),
      segments,
      checksum: { algorithm: kept, value, type: 'FULL_OBJECT' },
    };
  } finally {
    await sink?.abort();
  }
}

function checkDeclared({ ContentMD5, ContentLength }: UploadInput): void {
  if (ContentMD5 !== undefined && !isBase64Of(ContentMD5, 16)) {
    throw new S3Error('InvalidDigest', 'The Content-MD5 you specified was invalid.', 400);
  }
  if (ContentLength !== undefined && ContentLength > MAX_SINGLE_PUT_BYTES) {
    throw entityTooLarge(ContentLength, MAX_SINGLE_PUT_BYTES);
  }
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
