import type { ServerResponse } from 'node:http';
import { type HttpExchange, type ReplyHead, sendHead, sendReply } from './exchange.ts';

/** Whether a member is a body that is read chunk by chunk. */
export function isStream(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

/**
 * Answers with a body as it comes, or stops when the client has gone. Each chunk is held back until the next one comes,
 * so that a body of one chunk is sent whole, with its length.
 */
export async function sendStream(
  exchange: HttpExchange,
  head: ReplyHead,
  body: AsyncIterable<Uint8Array>,
): Promise<void> {
  const { response } = exchange;
  let held: Uint8Array | undefined;
  for await (const chunk of body) {
    if (response.destroyed) return;
    if (held !== undefined) {
      if (!response.headersSent) sendHead(exchange, head);
      if (!response.write(held)) await drained(response);
    }
    held = chunk;
  }
  if (response.headersSent) response.end(held);
  else sendReply(exchange, { ...head, body: held ?? '' });
}

/** Resolves when the response can take more data, or when its client has gone. */
export async function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}
