import type { ServerResponse } from 'node:http';
import { drained } from '../gateway/drained.ts';

/** Whether a member is a body that is read chunk by chunk. */
export function isStream(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

/**
 * Writes a body and ends the response, or stops when its client has gone. Each chunk is held back until the next one
 * comes, so that a body of one chunk is sent whole, with its length.
 */
export async function streamTo(response: ServerResponse, body: AsyncIterable<Uint8Array>): Promise<void> {
  let held: Uint8Array | undefined;
  for await (const chunk of body) {
    if (response.destroyed) return;
    if (held !== undefined && !response.write(held)) await drained(response);
    held = chunk;
  }
  response.end(held);
}
