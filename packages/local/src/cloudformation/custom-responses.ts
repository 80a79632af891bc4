import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from '../core/aws-error.ts';
import type { Ids } from '../core/ids.ts';
import { isRecord } from '../core/is-record.ts';
import { readBody } from '../gateway/read-body.ts';

/** The response that a custom resource's function puts to the ResponseURL. */
export interface CustomResponse {
  readonly Status: 'SUCCESS' | 'FAILED';
  readonly Reason?: string;
  readonly PhysicalResourceId?: string;
  readonly Data?: Readonly<Record<string, unknown>>;
}

/** Creates one-time addresses for the responses of custom resources. */
export interface CustomResponses {
  create(): {
    readonly url: string;
    /** Resolves with the response. Never rejects. */
    readonly response: Promise<CustomResponse>;
    /** Stops waiting; later responses are refused. */
    readonly close: () => void;
  };
}

/** The gateway's path of all response addresses. */
export const CUSTOM_RESPONSE_PATH = '/_freshpoint/cfn-response/';

/** CloudFormation's limit on a response. */
const MAX_RESPONSE_BYTES = 4096;

/** Response addresses served over HTTP: requests below `CUSTOM_RESPONSE_PATH` belong to `handleCustomResponse`. */
export interface HttpCustomResponses extends CustomResponses {
  /** Takes a PUT to a response address. Any other request is answered 404 or 405. */
  handleCustomResponse(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** `origin` is the gateway's, e.g. `http://127.0.0.1:4566`, and is needed at each use. */
export function createCustomResponses(options: {
  readonly ids: Ids;
  readonly origin: () => string;
}): HttpCustomResponses {
  const open = new Map<string, (response: CustomResponse) => void>();
  return {
    create() {
      const token = options.ids.hex(40);
      const response = new Promise<CustomResponse>((resolve) => open.set(token, resolve));
      return { url: `${options.origin()}${CUSTOM_RESPONSE_PATH}${token}`, response, close: () => open.delete(token) };
    },
    async handleCustomResponse(request, response) {
      const token = new URL(request.url ?? '/', 'http://127.0.0.1').pathname.slice(CUSTOM_RESPONSE_PATH.length);
      const refused = open.has(token) ? (request.method === 'PUT' ? undefined : 405) : 404;
      if (refused !== undefined) {
        request.resume();
        response.writeHead(refused).end();
        return;
      }
      const received = await readResponse(request).catch(() => undefined);
      if (!received) {
        // The client has disconnected.
        response.destroy();
        return;
      }
      const settle = open.get(token);
      // An address is used once, so that nothing changes if it becomes known later.
      open.delete(token);
      response.writeHead(settle ? 200 : 404).end();
      settle?.(received);
    },
  };
}

async function readResponse(request: IncomingMessage): Promise<CustomResponse> {
  try {
    return parseResponse(await readBody(request, MAX_RESPONSE_BYTES));
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    request.resume();
    return failed('Response object is too long.');
  }
}

/** Reads a response's text. An invalid response becomes a failure with CloudFormation's reason. */
function parseResponse(body: Buffer): CustomResponse {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    return failed('Invalid JSON in the response of the custom resource.');
  }
  if (!isRecord(value)) return failed('Invalid response of the custom resource.');
  const { Status, Reason, PhysicalResourceId, Data } = value;
  if (Status !== 'SUCCESS' && Status !== 'FAILED') {
    return failed('Invalid Status in the response of the custom resource.');
  }
  return {
    Status,
    Reason: typeof Reason === 'string' ? Reason : undefined,
    PhysicalResourceId: typeof PhysicalResourceId === 'string' ? PhysicalResourceId : undefined,
    Data: isRecord(Data) ? Data : undefined,
  };
}

const failed = (reason: string): CustomResponse => ({ Status: 'FAILED', Reason: reason });
