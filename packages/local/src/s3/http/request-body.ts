import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ChecksumAlgorithm, isChecksumAlgorithm } from '#simulator/s3/checksums';
import { invalidArgument, invalidRequest, S3Error } from '#simulator/s3/errors';
import type { RequestDetails } from '#simulator/s3/request-details';
import { sendContinue } from '../../gateway/read-body.ts';
import { decodeAwsChunked } from './aws-chunked.ts';

/** A body without its transfer framing, with the length and digests that the headers declare. */
export interface RequestBody {
  readonly stream: AsyncIterable<Uint8Array>;
  /** Bytes, if the request declares them. */
  readonly length?: number;
  readonly payloadSha256?: string;
  readonly trailer?: RequestDetails['trailer'];
}

/** Throws InvalidArgument or InvalidRequest for headers that contradict each other. */
export function openBody(req: IncomingMessage, source: AsyncIterable<Uint8Array>): RequestBody {
  const payload = header(req, 'x-amz-content-sha256');
  const streaming = payload?.startsWith('STREAMING-') ?? false;
  if (streaming || contentEncodings(req).includes('aws-chunked')) {
    const decoded = header(req, 'x-amz-decoded-content-length');
    const trailers = new Map<string, string>();
    const algorithm = trailerAlgorithm(req);
    return {
      stream: decodeAwsChunked(source, trailers),
      ...(decoded === undefined ? {} : { length: lengthOf('x-amz-decoded-content-length', decoded) }),
      ...(algorithm
        ? { trailer: { algorithm, value: () => trailers.get(`x-amz-checksum-${algorithm.toLowerCase()}`) } }
        : {}),
    };
  }
  if (payload !== undefined && payload !== 'UNSIGNED-PAYLOAD' && !/^[0-9a-fA-F]{64}$/.test(payload)) {
    throw invalidArgument(
      'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, ' +
        'STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.',
      'x-amz-content-sha256',
      payload,
    );
  }
  const length = header(req, 'content-length');
  return {
    stream: source,
    ...(length === undefined ? {} : { length: lengthOf('content-length', length) }),
    ...(payload === undefined || payload === 'UNSIGNED-PAYLOAD' ? {} : { payloadSha256: payload.toLowerCase() }),
  };
}

/** For uploads, whose size S3 requires beforehand. Throws MissingContentLength. */
export function requireLength(body: RequestBody): void {
  if (body.length === undefined) {
    throw new S3Error('MissingContentLength', 'You must provide the Content-Length HTTP header.', 411);
  }
}

/** The values of Content-Encoding. */
const contentEncodings = (req: IncomingMessage): string[] =>
  (header(req, 'content-encoding') ?? '')
    .split(',')
    .map((value) => value.trim())
    .filter((value) => value !== '');

const header = (req: IncomingMessage, name: string): string | undefined => req.headers[name] as string | undefined;

function lengthOf(name: string, value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw invalidArgument(`The ${name} header is malformed`, name, value);
  return Number(value);
}

function trailerAlgorithm(req: IncomingMessage): ChecksumAlgorithm | undefined {
  const names = header(req, 'x-amz-trailer')?.toLowerCase().split(',') ?? [];
  const checksums = names.map((name) => name.trim()).filter((name) => name.startsWith('x-amz-checksum-'));
  if (checksums.length > 1) {
    throw invalidRequest('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.');
  }
  const algorithm = checksums[0]?.slice('x-amz-checksum-'.length).toUpperCase();
  if (algorithm === undefined) return undefined;
  if (!isChecksumAlgorithm(algorithm)) {
    throw invalidRequest('The value specified in the x-amz-trailer header is not supported');
  }
  return algorithm;
}

/** Requests the body only when it is first read, so that clients never send a rejected upload. */
export async function* receivedBody(req: IncomingMessage, res: ServerResponse): AsyncGenerator<Uint8Array> {
  sendContinue(req, res);
  // After an error the connection stays open: the rest of the body is discarded and the client gets the response.
  yield* req.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
}

/** The same for a body of any size: each chunk lasts until the next one is asked for. */
export async function* passingBody(req: IncomingMessage, res: ServerResponse): AsyncGenerator<Uint8Array> {
  for await (const chunk of receivedBody(req, res)) {
    yield chunk;
    releaseChunk(chunk);
  }
}

/**
 * Frees the memory of a chunk that nobody uses any more. Left to the garbage collector, the chunks of a large transfer
 * cost more time than its checksums, and tens of megabytes. A chunk that shares its memory is left alone.
 */
function releaseChunk({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) buffer.transfer(0);
}
