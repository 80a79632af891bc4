import { type ChecksumMembers, declaredChecksum, startDigest } from '../checksums.ts';
import { badDigest, S3Error } from '../errors.ts';
import type { RequestBody } from './request-body.ts';

/** 2 MiB: what the largest valid request documents need. */
const MAX_DOCUMENT_BYTES = 2 * 1024 ** 2;

/** Members of an input: a checksum, a Content-MD5. */
type Claims = ChecksumMembers & { readonly ContentMD5?: string };

/** Reads a small body whole and checks it against its digests. Throws MaxMessageLengthExceeded or BadDigest. */
export async function readDocument(body: RequestBody, members: Readonly<Record<string, unknown>>): Promise<string> {
  const claims: Claims = members;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body.stream) {
    size += chunk.length;
    if (size > MAX_DOCUMENT_BYTES) {
      throw new S3Error('MaxMessageLengthExceeded', 'Your request was too big.', 400, {
        MaxMessageLengthBytes: String(MAX_DOCUMENT_BYTES),
      });
    }
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  const digestOf = async (algorithm: Parameters<typeof startDigest>[0]) => {
    const digest = startDigest(algorithm);
    digest.update(bytes);
    return digest.end();
  };
  if (claims.ContentMD5 !== undefined && (await digestOf('MD5')).toString('base64') !== claims.ContentMD5) {
    throw badDigest('Content-MD5');
  }
  if (body.payloadSha256 !== undefined && (await digestOf('SHA256')).toString('hex') !== body.payloadSha256) {
    throw new S3Error(
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
      400,
    );
  }
  const declared = declaredChecksum(claims);
  const [algorithm, value] = declared?.value
    ? [declared.algorithm, declared.value]
    : [body.trailer?.algorithm, body.trailer?.value()];
  if (algorithm && value !== undefined && (await digestOf(algorithm)).toString('base64') !== value) {
    throw badDigest(algorithm);
  }
  return bytes.toString('utf8');
}
