import type { IncomingHttpHeaders } from 'node:http';
import { readAll } from '#simulator/core/read-all';
import { claimsOf } from '#simulator/s3/body-digests';
import { CHECKSUM_ALGORITHMS, startDigests } from '#simulator/s3/checksums';
import { s3Error } from '#simulator/s3/errors';
import { REQUEST_DETAILS } from '#simulator/s3/request-details';
import type { RequestBody } from './request-body.ts';

/** Maximum size of a request document; the largest valid ones need 2 MiB. */
const MAX_DOCUMENT_BYTES = 2 * 1024 ** 2;

/**
 * Reads a whole document and checks it against the digests in the headers: all of them, or all but the checksum.
 * Throws MaxMessageLengthExceeded, BadDigest, InvalidDigest or InvalidRequest.
 */
export async function readDocument(
  { stream, ...details }: RequestBody,
  headers: IncomingHttpHeaders,
  checked: 'all' | 'all but the checksum',
): Promise<string> {
  const names = checked === 'all' ? CHECKSUM_ALGORITHMS : [];
  const checksums = names.map((name) => [`Checksum${name}`, headers[`x-amz-checksum-${name.toLowerCase()}`]]);
  const claims = claimsOf({
    ...Object.fromEntries(checksums),
    ContentMD5: headers['content-md5']?.toString(),
    [REQUEST_DETAILS]: details,
  });
  const tooLarge = () => s3Error('MaxMessageLengthExceeded', { MaxMessageLengthBytes: MAX_DOCUMENT_BYTES });
  const bytes = await readAll(stream, MAX_DOCUMENT_BYTES, tooLarge);
  const digests = startDigests(claims.algorithms);
  digests.update(bytes);
  claims.check(await digests.end());
  return bytes.toString('utf8');
}
