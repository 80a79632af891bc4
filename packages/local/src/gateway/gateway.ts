import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Caller, Cloud } from '../core/cloud.ts';
import type { Ids } from '../core/ids.ts';
import { dispatcher, type GatewayHandlers } from './dispatch.ts';
import { refusal } from './host-check.ts';

export interface GatewayOptions {
  /** 0: any that is free. */
  readonly port: number;
  readonly cloud: Pick<Cloud, 'call'>;
  readonly iam: { callerOf(accessKeyId: string | undefined): Caller };
  readonly ids: Ids;
  /** The services whose protocol is REST. One that is missing answers that it isn't simulated. */
  readonly handlers: GatewayHandlers;
  /** Told about each exception that isn't an AWS error: a bug. Default: they are answered as InternalFailure and not told. */
  readonly onError?: (error: unknown) => void;
}

export interface Gateway {
  /** For AWS_ENDPOINT_URL, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Stops listening and ends every connection at once, also those with a request under way. */
  close(): Promise<void>;
}

/**
 * Opens the one port of the local runtime, on 127.0.0.1 only.
 * @throws the listen error, for example EADDRINUSE
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const dispatch = dispatcher(options);
  const server = createServer();
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    const requestId = options.ids.uuid();
    response.setHeader('x-amzn-RequestId', requestId);
    const refused = refusal(request.headers);
    if (refused !== undefined) {
      response.writeHead(403, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' }).end(`${refused}\n`);
      return;
    }
    if (request.method === 'GET' && request.url === '/_freshpoint/health') {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"ok"}');
      return;
    }
    void dispatch(request, response, requestId);
  };
  server.on('request', listener);
  // Node answers `Expect: 100-continue` by itself unless somebody listens: whoever reads the body does it.
  server.on('checkContinue', listener);
  // An upload may take as long as it takes; the headers may not.
  server.requestTimeout = 0;
  server.headersTimeout = 60_000;
  // Longer than SDKs leave a connection unused, so that none is closed under a request.
  server.keepAliveTimeout = 120_000;

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
    port,
    close() {
      closing ??= new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      return closing;
    },
  };
}
