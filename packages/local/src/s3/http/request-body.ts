import type { IncomingMessage, ServerResponse } from 'node:http';
import { isChecksumAlgorithm } from '#simulator/s3/checksums';
import { invalidArgument, invalidRequest } from '#simulator/s3/errors';
import type { RequestDetails } from '#simulator/s3/request-details';
import { sendContinue } from '../../gateway/read-body.ts';
import { decodeAwsChunked } from './aws-chunked.ts';

/** A body without its transfer framing, with the length and digests that the headers declare. */
export interface RequestBody extends Pick<RequestDetails, 'payloadSha256' | 'trailer'> {
  readonly stream: AsyncIterable<Uint8Array>;
  /** Bytes, if the request declares them. */
  readonly length?: number | undefined;
}

/** Throws InvalidArgument or InvalidRequest for headers that contradict each other. */
export function openBody(req: IncomingMessage, source: AsyncIterable<Uint8Array>): RequestBody {
  const payload = header(req, 'x-amz-content-sha256');
  const encodings = header(req, 'content-encoding')?.split(',') ?? [];
  if (payload?.startsWith('STREAMING-') || encodings.some((encoding) => encoding.trim() === 'aws-chunked')) {
    const trailers = new Map<string, string>();
    return {
      stream: decodeAwsChunked(source, trailers),
      length: lengthIn(req, 'x-amz-decoded-content-length'),
      trailer: announcedTrailer(req, trailers),
    };
  }
  const length = lengthIn(req, 'content-length');
  if (payload === undefined || payload === 'UNSIGNED-PAYLOAD') return { stream: source, length };
  if (/^[0-9a-fA-F]{64}$/.test(payload)) return { stream: source, length, payloadSha256: payload.toLowerCase() };
  throw invalidArgument(
    'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, ' +
      'STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.',
    'x-amz-content-sha256',
    payload,
  );
}

const header = (req: IncomingMessage, name: string): string | undefined => req.headers[name] as string | undefined;

function lengthIn(req: IncomingMessage, name: string): number | undefined {
  const value = header(req, name);
  if (value === undefined) return undefined;
  if (!/^\d{1,15}$/.test(value)) throw invalidArgument(`The ${name} header is malformed`, name, value);
  return Number(value);
}

function announcedTrailer(req: IncomingMessage, trailers: ReadonlyMap<string, string>): RequestBody['trailer'] {
  const names = header(req, 'x-amz-trailer')?.toLowerCase().split(',') ?? [];
  const [name, ...others] = names.map((entry) => entry.trim()).filter((entry) => entry.startsWith('x-amz-checksum-'));
  if (name === undefined) return undefined;
  if (others.length > 0) {
    throw invalidRequest('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.');
  }
  const algorithm = name.slice('x-amz-checksum-'.length).toUpperCase();
  if (!isChecksumAlgorithm(algorithm)) {
    throw invalidRequest('The value specified in the x-amz-trailer header is not supported');
  }
  const value = () => {
    const found = trailers.get(name);
    if (found !== undefined) return found;
    throw invalidRequest('The trailer that the x-amz-trailer header announced is missing.');
  };
  return { algorithm, value };
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
