import { timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { CommandFailure } from '../command-failure.ts';
import { type ActionRequest, parseAction } from './action.ts';
import { changesOf, type Feed } from './feed.ts';
import type { ActionResponse, PageEvent } from './page-data.ts';

/** What the server serves, and to whom. */
export interface ConsoleOptions {
  /** 0: a free one. */
  readonly port: number;
  /** A request that has it may see and act. */
  readonly token: string;
  /** The folder of the page's files. */
  readonly files: URL;
  /** What to show: of one endpoint, or of all. */
  readonly feed: (endpoint: string | undefined) => Feed;
  /** Runs a command, and returns the lines that it prints. Throws CommandFailure. */
  readonly act: (request: ActionRequest) => Promise<readonly string[]>;
  /** Called with errors that are bugs. */
  readonly onBug: (error: unknown) => void;
}

/** A console that is being served. */
export interface RunningConsole {
  /** The address of the page, with the token. A browser does not send what follows `#`. */
  readonly url: string;
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
/** The longest request that is read, in bytes: more than a reason and the name of an endpoint. */
const MAX_BODY_BYTES = 16 * 1024;
/** Connections at once: each open page has two at most. */
const MAX_CONNECTIONS = 64;

/** All that is served without the token: it is the same for everyone. */
const FILES: Readonly<Record<string, readonly [name: string, type: string]>> = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/page.js': ['page.js', 'text/javascript; charset=utf-8'],
  '/page.css': ['page.css', 'text/css; charset=utf-8'],
};

const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/** Serves the page on 127.0.0.1. Rejects if the port is in use. */
export async function startConsole(options: ConsoleOptions): Promise<RunningConsole> {
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    handle(request, response, options).catch((error) => {
      options.onBug(error);
      response.destroy();
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, HOST, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://${HOST}:${port}/#token=${options.token}`, stop: () => stopServer(server) };
}

function stopServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function handle(request: IncomingMessage, response: ServerResponse, options: ConsoleOptions): Promise<void> {
  const refusal = refusalOf(request);
  if (refusal !== undefined) return refuse(response, 403, refusal);
  const { method, url = '' } = request;
  const [path = '', query] = url.split('?');
  const file = FILES[path];
  if (file && method === 'GET') {
    const [name, type] = file;
    response.setHeader('Content-Type', type).end(await readFile(new URL(name, options.files)));
    return;
  }
  const route = `${method} ${path}`;
  if (route !== 'GET /events' && route !== 'POST /actions') return refuse(response, 404, 'There is no such page.');
  if (!hasToken(request, options.token)) {
    return refuse(response, 401, 'The token is missing or another one. Open the address that the command printed.');
  }
  if (method === 'GET') {
    await sendEvents(response, options.feed(new URLSearchParams(query).get('endpoint') ?? undefined), options.onBug);
  } else {
    await runAction(request, response, options);
  }
}

/**
 * Why the request is not from this server's own page. A name that others resolve to 127.0.0.1 has another host; a page
 * of another site has another origin.
 */
function refusalOf({ headers, method, socket }: IncomingMessage): string | undefined {
  const { host, origin } = headers;
  const hosts = [HOST, 'localhost'].map((name) => `${name}:${socket.localPort}`);
  if (host === undefined || !hosts.includes(host)) return 'The host is another one than that of the console.';
  const isOwn = origin === `http://${host}`;
  // A browser sends the origin with each POST, and with a GET of another site's script.
  return isOwn || (origin === undefined && method === 'GET') ? undefined : 'Another site sent the request.';
}

function hasToken({ headers }: IncomingMessage, token: string): boolean {
  const expected = Buffer.from(`Bearer ${token}`);
  const given = Buffer.from(headers.authorization ?? '');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function refuse(response: ServerResponse, status: number, error: string): void {
  answer(response, status, { error });
}

function answer(response: ServerResponse, status: number, body: ActionResponse): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json').end(JSON.stringify(body));
}

/** Server-sent events until the page is gone. */
async function sendEvents(response: ServerResponse, feed: Feed, onBug: (error: unknown) => void): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  response.setHeader('Content-Type', 'text/event-stream').flushHeaders();
  const send = (event: PageEvent) => response.write(`data: ${JSON.stringify(event)}\n\n`);
  try {
    for await (const event of changesOf(feed, (ms) => setTimeout(ms, undefined, { signal: gone.signal }))) send(event);
  } catch (error) {
    if (gone.signal.aborted) return;
    onBug(error);
    send({ kind: 'problem', message: `The console has a bug: ${String(error)}` });
    response.end();
  }
}

async function runAction(request: IncomingMessage, response: ServerResponse, options: ConsoleOptions): Promise<void> {
  const action = parseAction(await bodyOf(request));
  if (!action) return refuse(response, 400, 'The request names no action of the console.');
  try {
    answer(response, 200, { lines: await options.act(action) });
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    refuse(response, 409, error.message);
  }
}

/** What was sent; of what is too long, not all, which is no JSON. */
async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
