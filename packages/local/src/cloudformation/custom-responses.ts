import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Ids } from '../core/ids.ts';

/** What a custom resource's function puts to the ResponseURL. */
export interface CustomResponse {
  readonly Status: 'SUCCESS' | 'FAILED';
  readonly Reason?: string;
  readonly PhysicalResourceId?: string;
  readonly Data?: Readonly<Record<string, unknown>>;
}

/** Hands out one-time addresses for custom resources' responses. */
export interface CustomResponses {
  create(): {
    readonly url: string;
    /** The response, once it is there. Never rejects. */
    readonly response: Promise<CustomResponse>;
    /** Stops waiting; later responses are refused. */
    readonly close: () => void;
  };
}

/** Under this path of the gateway lie the response addresses. */
export const customResponsePath = '/_freshpoint/cfn-response/';

/** CloudFormation's own limit, in bytes. */
const maxBytes = 4096;

/** Response addresses served over HTTP: route requests below `customResponsePath` to `handleCustomResponse`. */
export interface HttpCustomResponses extends CustomResponses {
  /** Takes a PUT to a response address; anything else is answered 404 or 405. */
  handleCustomResponse(req: IncomingMessage, res: ServerResponse): void;
}

/** `origin` is asked at each use, e.g. `http://127.0.0.1:4566`. */
export function createCustomResponses(options: {
  readonly ids: Ids;
  readonly origin: () => string;
}): HttpCustomResponses {
  const open = new Map<string, (response: CustomResponse) => void>();
  return {
    create() {
      const token = options.ids.hex(40);
      const response = new Promise<CustomResponse>((resolve) => open.set(token, resolve));
      return { url: `${options.origin()}${customResponsePath}${token}`, response, close: () => open.delete(token) };
    },
    handleCustomResponse(req, res) {
      const token = new URL(req.url ?? '/', 'http://127.0.0.1').pathname.slice(customResponsePath.length);
      if (!open.has(token)) return answer(req, res, 404);
      if (req.method !== 'PUT') return answer(req, res, 405);
      const chunks: Buffer[] = [];
      let bytes = 0;
      req.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= maxBytes) chunks.push(chunk);
      });
      req.on('end', () => {
        const settle = open.get(token);
        // One use: whoever learns the address later changes nothing.
        open.delete(token);
        res.writeHead(settle ? 200 : 404).end();
        settle?.(bytes > maxBytes ? failed('Response object is too long.') : parseResponse(Buffer.concat(chunks)));
      });
      req.on('error', () => res.destroy());
    },
  };
}

function answer(req: IncomingMessage, res: ServerResponse, status: number): void {
  req.resume();
  res.writeHead(status).end();
}

/** Reads a response's text; what is wrong with it makes it a failure with CloudFormation's reason. */
function parseResponse(body: Uint8Array): CustomResponse {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return failed('Invalid JSON in the response of the custom resource.');
  }
  if (typeof value !== 'object' || value === null) return failed('Invalid response of the custom resource.');
  const { Status, Reason, PhysicalResourceId, Data } = value as Record<string, unknown>;
  if (Status !== 'SUCCESS' && Status !== 'FAILED')
    return failed('Invalid Status in the response of the custom resource.');
  return {
    Status,
    Reason: typeof Reason === 'string' ? Reason : undefined,
    PhysicalResourceId: typeof PhysicalResourceId === 'string' ? PhysicalResourceId : undefined,
    Data: typeof Data === 'object' && Data !== null ? (Data as Record<string, unknown>) : undefined,
  };
}

const failed = (reason: string): CustomResponse => ({ Status: 'FAILED', Reason: reason });
