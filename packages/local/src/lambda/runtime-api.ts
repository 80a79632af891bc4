import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FunctionFailure, Invocation } from '#simulator/lambda/runner';

/** Callbacks for the requests of the runtime in the child process. */
export interface RuntimeEvents {
  /** The runtime requests an event: its initialization or the last invocation is done. */
  readonly onNext: () => void;
  readonly onInitError: (failure: FunctionFailure) => void;
  readonly onResponse: (requestId: string, payload: Uint8Array) => void;
  readonly onError: (requestId: string, failure: FunctionFailure) => void;
}

/** Maximum size of a function's answer. */
const MAX_RESPONSE_BYTES = 6_291_556;
const PATH_PREFIX = '/2018-06-01/runtime';

/** Lambda's Runtime API for one environment, on its own port of 127.0.0.1. */
export class RuntimeApi {
  readonly #events: RuntimeEvents;
  readonly #functionArn: string;
  readonly #server: Server;
  #waiting: ServerResponse | undefined;
  #offered: { payload: Uint8Array; invocation: Invocation } | undefined;
  #current: string | undefined;

  private constructor(functionArn: string, events: RuntimeEvents) {
    this.#functionArn = functionArn;
    this.#events = events;
    this.#server = createServer((request, response) => {
      // A runtime that breaks off gets no answer; the end of its process is noticed elsewhere.
      this.#handle(request, response).catch(() => response.destroy());
    });
    // A runtime can wait for its next event without limit.
    this.#server.requestTimeout = 0;
    this.#server.keepAliveTimeout = 0;
  }

  static async listen(functionArn: string, events: RuntimeEvents): Promise<RuntimeApi> {
    const api = new RuntimeApi(functionArn, events);
    await new Promise<void>((resolve, reject) => {
      api.#server.once('error', reject);
      api.#server.listen(0, '127.0.0.1', resolve);
    });
    return api;
  }

  /** AWS_LAMBDA_RUNTIME_API: host and port. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Gives an event to the runtime, now or when it requests one. One at a time. */
  offer(payload: Uint8Array, invocation: Invocation): void {
    this.#offered = { payload, invocation };
    this.#handOver();
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #handOver(): void {
    const response = this.#waiting;
    const offered = this.#offered;
    if (!response || !offered) return;
    this.#waiting = undefined;
    this.#offered = undefined;
    const { requestId, deadlineMs, traceId, clientContext } = offered.invocation;
    this.#current = requestId;
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Content-Length': offered.payload.length,
      'Lambda-Runtime-Aws-Request-Id': requestId,
      'Lambda-Runtime-Deadline-Ms': String(Math.round(deadlineMs)),
      'Lambda-Runtime-Invoked-Function-Arn': this.#functionArn,
      'Lambda-Runtime-Trace-Id': traceId,
      // Header values are Latin-1; JSON can escape all other characters.
      ...(clientContext !== undefined && { 'Lambda-Runtime-Client-Context': asciiJson(clientContext) }),
    });
    response.end(offered.payload);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    if (request.method === 'GET' && path === `${PATH_PREFIX}/invocation/next`) {
      this.#waiting = response;
      this.#events.onNext();
      this.#handOver();
      return;
    }
    if (request.method !== 'POST') return refuse(response, 404, 'NotFound', path);
    const body = await readBounded(request);
    if (path === `${PATH_PREFIX}/init/error`) {
      this.#events.onInitError(parseFailure(body, request));
      return accept(response);
    }
    const match = /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/.exec(path);
    if (!match) return refuse(response, 404, 'NotFound', path);
    const requestId = match[1] ?? '';
    if (requestId !== this.#current) return refuse(response, 400, 'InvalidRequestID', 'Invalid request ID');
    this.#current = undefined;
    if (match[2] === 'error') {
      this.#events.onError(requestId, parseFailure(body, request));
      return accept(response);
    }
    if (body.bytes > MAX_RESPONSE_BYTES) {
      const errorMessage = `Response payload size exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`;
      this.#events.onError(requestId, { errorType: 'Function.ResponseSizeTooLarge', errorMessage });
      return refuse(response, 413, 'RequestEntityTooLarge', errorMessage);
    }
    this.#events.onResponse(requestId, body.kept);
    accept(response);
  }
}

interface ReportBody {
  readonly bytes: number;
  /** The content; empty if it exceeds the limit. */
  readonly kept: Buffer;
}

async function readBounded(request: IncomingMessage): Promise<ReportBody> {
  let chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_RESPONSE_BYTES) chunks = [];
    else chunks.push(chunk);
  }
  return { bytes, kept: bytes > MAX_RESPONSE_BYTES ? Buffer.alloc(0) : Buffer.concat(chunks) };
}

function parseFailure(body: ReportBody, request: IncomingMessage): FunctionFailure {
  let parsed: Partial<Record<'errorType' | 'errorMessage' | 'trace' | 'stackTrace', unknown>> = {};
  try {
    parsed = (JSON.parse(body.kept.toString()) ?? {}) as typeof parsed;
  } catch {
    // Without a JSON body the header gives the type.
  }
  const trace = parsed.trace ?? parsed.stackTrace;
  return {
    errorType: String(parsed.errorType ?? request.headers['lambda-runtime-function-error-type'] ?? 'Error'),
    errorMessage: String(parsed.errorMessage ?? ''),
    ...(Array.isArray(trace) && { trace: trace.map(String) }),
  };
}

function accept(response: ServerResponse): void {
  response.writeHead(202, { 'Content-Type': 'application/json' });
  response.end('{"status":"OK"}');
}

function refuse(response: ServerResponse, status: number, errorType: string, errorMessage: string): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify({ errorType, errorMessage }));
}

function asciiJson(text: string): string {
  return text.replace(/[\u0080-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
