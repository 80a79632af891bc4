import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OPERATIONS_PATH } from '#simulator/core/cloud';
import type { Ids } from '#simulator/core/ids';
import { type DispatchOptions, dispatcher } from './dispatch.ts';
import { refusalOf } from './host-check.ts';

const HEADERS_TIMEOUT_MS = 60_000;

/** Longer than SDKs keep an idle connection, so that the gateway does not close one as a request arrives. */
const KEEP_ALIVE_TIMEOUT_MS = 120_000;

export interface GatewayOptions extends DispatchOptions {
  /** 0 takes a free port. */
  readonly port: number;
  readonly ids: Ids;
  /** Answers requests that are no API's. Undefined: the request is AWS's. @default none */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => Promise<void> | undefined;
}

export interface Gateway {
  /** For AWS_ENDPOINT_URL, without a slash at the end. */
  readonly url: string;
  /** Stops listening and closes every connection at once, also those with a pending request. */
  close(): Promise<void>;
}

/**
 * Opens the one port of the local runtime, on 127.0.0.1 only.
 * Throws the listen error, for example EADDRINUSE.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const dispatch = dispatcher(options);
  const server = createServer();
  const pages: Readonly<Record<string, () => string>> = {
    '/_freshpoint/health': () => '{"status":"ok"}',
    [OPERATIONS_PATH]: () => `${JSON.stringify(options.cloud.operations(), undefined, 2)}\n`,
  };
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    const requestId = options.ids.uuid();
    const refused = refusalOf(request.headers);
    if (refused !== undefined) {
      const headers = {
        'x-amzn-RequestId': requestId,
        'content-type': 'text/plain; charset=utf-8',
        connection: 'close',
      };
      response.writeHead(403, headers).end(`${refused}\n`);
      return;
    }
    const own = request.method === 'GET' ? pages[request.url ?? '/']?.() : undefined;
    if (own !== undefined) {
      const headers = { 'x-amzn-RequestId': requestId, 'content-type': 'application/json' };
      response.writeHead(200, headers).end(own);
      return;
    }
    const intercepted = options.intercept?.(request, response);
    if (intercepted) void intercepted.catch((error) => options.onError?.(error));
    else void dispatch(request, response, requestId);
  };
  server.on('request', listener);
  // With a listener Node does not answer `Expect: 100-continue` itself. The code that reads the body does.
  server.on('checkContinue', listener);
  // There is no limit on the time of an upload, only on that of the headers.
  server.requestTimeout = 0;
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT_MS;

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  let closing: Promise<void> | undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    close() {
      closing ??= new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      return closing;
    },
  };
}
