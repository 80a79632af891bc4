import type { IncomingMessage } from 'node:http';
import { AwsError } from '../core/aws-error.ts';

/** Reads a body that must be small. @throws AwsError RequestEntityTooLargeException beyond `mostBytes` */
export async function readBody(request: IncomingMessage, mostBytes: number): Promise<Buffer> {
  const tooLarge = () =>
    new AwsError('RequestEntityTooLargeException', `The request is longer than ${mostBytes} bytes.`, 413);
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  // Without destroyOnReturn: false the socket goes with the loop, and the answer with the socket.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > mostBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
