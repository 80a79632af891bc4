import type { IncomingMessage, ServerResponse } from 'node:http';

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
