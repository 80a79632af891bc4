import type { IncomingMessage, ServerResponse } from 'node:http';
import { type CustomResponses, MAX_CUSTOM_RESPONSE_BYTES } from '#simulator/cloudformation/custom-responses';
import { AwsError } from '#simulator/core/aws-error';
import { readBody } from './read-body.ts';

/** The gateway's path of all addresses to which custom resources respond. */
export const CUSTOM_RESPONSE_PATH = '/_freshpoint/cfn-response/';

/** Takes a PUT to a response address below `origin`. Any other request is answered 404 or 405. */
export async function handleCustomResponse(
  { responses, origin }: { readonly responses: CustomResponses; readonly origin: string },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = origin + new URL(request.url ?? '/', origin).pathname;
  const refused = responses.isOpen(url) ? (request.method === 'PUT' ? undefined : 405) : 404;
  if (refused !== undefined) {
    request.resume();
    response.writeHead(refused).end();
    return;
  }
  let body: string | undefined;
  try {
    body = String(await readBody(request, MAX_CUSTOM_RESPONSE_BYTES));
  } catch (error) {
    if (!(error instanceof AwsError)) {
      // The client has disconnected.
      response.destroy();
      return;
    }
    request.resume();
  }
  response.writeHead(responses.respond(url, body)).end();
}
