import { readAll } from '../../core/read-all.ts';
import { type ChecksumMembers, declaredChecksum, startDigest } from '../checksums.ts';
import { badDigest, payloadMismatch, S3Error } from '../errors.ts';
import type { RequestBody } from './request-body.ts';

/** Maximum size of a request document; the largest valid ones need 2 MiB. */
const MAX_DOCUMENT_BYTES = 2 * 1024 ** 2;

/** The digests that a request declares. */
type Claims = ChecksumMembers & { readonly ContentMD5?: string };

/** Reads a whole document and checks it against its digests. Throws MaxMessageLengthExceeded or BadDigest. */
export async function readDocument(body: RequestBody, members: Readonly<Record<string, unknown>>): Promise<string> {
  const claims: Claims = members;
  const bytes = await readAll(body.stream, MAX_DOCUMENT_BYTES, documentTooLarge);
  const digestOf = async (algorithm: Parameters<typeof startDigest>[0]) => {
    const digest = startDigest(algorithm);
    digest.update(bytes);
    return digest.end();
  };
  if (claims.ContentMD5 !== undefined && (await digestOf('MD5')).toString('base64') !== claims.ContentMD5) {
    throw badDigest('Content-MD5');
  }
  if (body.payloadSha256 !== undefined && (await digestOf('SHA256')).toString('hex') !== body.payloadSha256) {
    throw payloadMismatch();
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

const documentTooLarge = () =>
  new S3Error('MaxMessageLengthExceeded', 'Your request was too big.', 400, {
    MaxMessageLengthBytes: String(MAX_DOCUMENT_BYTES),
  });
