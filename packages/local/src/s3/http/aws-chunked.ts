import { invalidRequest, s3Error } from '#simulator/s3/errors';

/** Maximum length of a line of a chunk or trailer. */
const MAX_LINE_BYTES = 8 * 1024;
const MAX_TRAILERS = 32;

/**
 * Removes the `aws-chunked` framing of a body: `<hex size>[;chunk-signature=…]CRLF<data>CRLF` … `0…CRLF`, trailers.
 * Yields views of the received buffers; does not check signatures. Throws IncompleteBody or InvalidRequest.
 * @param trailers filled in when the body ends, names in lower case
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Uint8Array>,
  trailers: Map<string, string>,
): AsyncGenerator<Uint8Array> {
  let phase: 'size' | 'data' | 'end of data' | 'trailers' | 'done' = 'size';
  let left = 0;
  let line = '';

  for await (const buffer of source as AsyncIterable<Buffer>) {
    for (let at = 0; at < buffer.length && phase !== 'done'; ) {
      if (phase === 'data') {
        const end = Math.min(buffer.length, at + left);
        yield buffer.subarray(at, end);
        left -= end - at;
        at = end;
        if (left === 0) phase = 'end of data';
        continue;
      }
      const newline = buffer.indexOf(10, at);
      const end = newline < 0 ? buffer.length : newline + 1;
      if (line.length + end - at > MAX_LINE_BYTES) throw invalidRequest('A line of the aws-chunked body is too long.');
      line += buffer.toString('latin1', at, end);
      at = end;
      if (newline < 0) continue;
      const text = line.replace(/\r?\n$/, '');
      line = '';
      if (phase === 'end of data') {
        if (text !== '') throw invalidRequest('A chunk of the aws-chunked body is longer than its size.');
        phase = 'size';
      } else if (phase === 'size') {
        left = chunkSize(text);
        phase = left === 0 ? 'trailers' : 'data';
      } else if (text === '') {
        phase = 'done';
      } else {
        addTrailer(trailers, text);
      }
    }
  }
  // Some clients omit the last empty line.
  if (phase === 'trailers' && line.trim() !== '') addTrailer(trailers, line.trim());
  else if (phase !== 'done' && phase !== 'trailers') throw s3Error('IncompleteBody');
}

function chunkSize(line: string): number {
  const size = /^([0-9a-fA-F]{1,12})(?:;.*)?$/.exec(line)?.[1];
  if (size === undefined) throw invalidRequest('The size of a chunk of the aws-chunked body is malformed.');
  return Number.parseInt(size, 16);
}

function addTrailer(trailers: Map<string, string>, line: string): void {
  const colon = line.indexOf(':');
  if (colon < 1 || trailers.size >= MAX_TRAILERS) {
    throw invalidRequest(
      'The request contained trailing data that was not well-formed or did not conform to our published schema.',
    );
  }
  trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
}
