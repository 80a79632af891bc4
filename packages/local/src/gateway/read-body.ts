import type { IncomingMessage } from 'node:http';
import { AwsError } from '#simulator/core/aws-error';
import { readAll } from '#simulator/core/read-all';

/** Reads a request body that must be small. Throws the error of `tooLarge` beyond `maxBytes`. */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number,
  tooLarge: () => Error = () => entityTooLarge(maxBytes),
): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
  // Without destroyOnReturn: false, leaving the loop would close the socket, and the response with it.
  const chunks: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false });
  return await readAll(chunks, maxBytes, tooLarge);
}

function entityTooLarge(maxBytes: number): AwsError {
  return new AwsError('RequestEntityTooLargeException', `The request is longer than ${maxBytes} bytes.`, 413);
}
