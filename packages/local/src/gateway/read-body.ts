import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from '#simulator/core/aws-error';

/**
 * Reads a request body that must be small. Throws the error of `tooLarge` beyond `maxBytes`, and the request's own
 * error when its client has gone. By events: an iterator of a stream costs more than all the rest of a small request.
 */
export function readBody(
  request: IncomingMessage,
  maxBytes: number,
  tooLarge: () => Error = () => entityTooLarge(maxBytes),
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const refuse = () => {
      // The rest stays unread. The response decides whether it is dropped or the connection closed.
      request.off('data', take).pause();
      reject(tooLarge());
    };
    const take = (chunk: Buffer) => {
      sizeBytes += chunk.length;
      chunks.push(chunk);
      if (sizeBytes > maxBytes) refuse();
    };
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
      refuse();
      return;
    }
    if (request.destroyed) {
      reject(request.errored ?? new Error('The client has disconnected.'));
      return;
    }
    request.on('data', take);
    request.once('error', reject);
    request.once('end', () => resolve(wholeOf(chunks)));
  });
}

/** The chunks as one; a single one is not copied. */
export const wholeOf = (chunks: readonly Buffer[]): Buffer => {
  const [first] = chunks;
  return chunks.length === 1 && first ? first : Buffer.concat(chunks);
};

function entityTooLarge(maxBytes: number): AwsError {
  return new AwsError('RequestEntityTooLargeException', `The request is longer than ${maxBytes} bytes.`, 413);
}

const continued = new WeakSet<ServerResponse>();

/** Whether the client still waits for `100 Continue` before it sends the body. */
export const awaitsContinue = (request: IncomingMessage, response: ServerResponse): boolean =>
  /^100-continue$/i.test(request.headers.expect ?? '') && !continued.has(response);

/** Asks for the body, if the client waits for that. */
export function sendContinue(request: IncomingMessage, response: ServerResponse): void {
  if (!awaitsContinue(request, response)) return;
  continued.add(response);
  response.writeContinue();
}
