import type { IncomingHttpHeaders } from 'node:http';
import { readAll } from '#simulator/core/read-all';
import { CHECKSUM_ALGORITHMS, declaredChecksum, startDigest } from '#simulator/s3/checksums';
import { badDigest, s3Error } from '#simulator/s3/errors';
import type { RequestBody } from './request-body.ts';

/** Maximum size of a request document; the largest valid ones need 2 MiB. */
const MAX_DOCUMENT_BYTES = 2 * 1024 ** 2;

/**
 * Reads a whole document and checks it against the digests in the headers: all of them, or only Content-MD5.
 * Throws MaxMessageLengthExceeded or BadDigest.
 */
export async function readDocument(
  body: RequestBody,
  headers: IncomingHttpHeaders,
  digests: 'any' | 'MD5',
): Promise<string> {
  const bytes = await readAll(body.stream, MAX_DOCUMENT_BYTES, documentTooLarge);
  const digestOf = async (algorithm: Parameters<typeof startDigest>[0]) => {
    const digest = startDigest(algorithm);
    digest.update(bytes);
    return digest.end();
  };
  const md5 = headers['content-md5'];
  if (md5 !== undefined && (await digestOf('MD5')).toString('base64') !== md5) {
    throw badDigest('Content-MD5');
  }
  if (body.payloadSha256 !== undefined && (await digestOf('SHA256')).toString('hex') !== body.payloadSha256) {
    throw s3Error('XAmzContentSHA256Mismatch');
  }
  const declared = digests === 'MD5' ? undefined : declaredChecksum(checksumsIn(headers));
  const [algorithm, value] = declared?.value
    ? [declared.algorithm, declared.value]
    : [body.trailer?.algorithm, body.trailer?.value()];
  if (algorithm && value !== undefined && (await digestOf(algorithm)).toString('base64') !== value) {
    throw badDigest(algorithm);
  }
  return bytes.toString('utf8');
}

function checksumsIn(headers: IncomingHttpHeaders): Parameters<typeof declaredChecksum>[0] {
  const values = CHECKSUM_ALGORITHMS.map((name) => [
    `Checksum${name}`,
    headers[`x-amz-checksum-${name.toLowerCase()}`],
  ]);
  return { ...Object.fromEntries(values), ChecksumAlgorithm: headers['x-amz-sdk-checksum-algorithm']?.toString() };
}

const documentTooLarge = () => s3Error('MaxMessageLengthExceeded', { MaxMessageLengthBytes: MAX_DOCUMENT_BYTES });
