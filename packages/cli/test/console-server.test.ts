import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CommandFailure } from '../src/command-failure.ts';
import type { ActionRequest } from '../src/console/action.ts';
import { endpointFeed, overviewFeed } from '../src/console/feed.ts';
import { type RunningConsole, startConsole } from '../src/console/server.ts';
import { ID } from './records.ts';
import { ReportedEndpoint } from './reports.ts';

const TOKEN = 'the-token';

let folder: string;
let port: number;
let server: RunningConsole;
let acted: ActionRequest[];
let bugs: unknown[];
let failure: Error | undefined;

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A request as a browser sends it from the console's page, unless the headers say otherwise. */
function ask(method: string, path: string, headers: OutgoingHttpHeaders = {}) {
  const own = { host: `127.0.0.1:${port}`, authorization: `Bearer ${TOKEN}` };
  const origin = method === 'POST' ? { origin: `http://127.0.0.1:${port}` } : {};
  return request({ host: '127.0.0.1', port, method, path, headers: { ...own, ...origin, ...headers } });
}

async function answer(method: string, path: string, headers: OutgoingHttpHeaders = {}, body = ''): Promise<Answer> {
  const asked = ask(method, path, headers).end(body);
  const [response] = await once(asked, 'response');
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

const suspend = JSON.stringify({ command: 'suspend', endpoint: ID, reason: 'audit' });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'freshpoint-console-'));
  for (const name of ['index.html', 'page.js', 'page.css']) await writeFile(join(folder, name), name);
  acted = [];
  bugs = [];
  failure = undefined;
  const { context } = new ReportedEndpoint();
  const account = { ...context.account, history: async () => [] };
  const reports = { ...context, account };
  server = await startConsole({
    port: 0,
    token: TOKEN,
    files: pathToFileURL(`${folder}/`),
    feed: (endpoint) => (endpoint === undefined ? overviewFeed(reports) : endpointFeed(reports, endpoint)),
    act: async (action) => {
      if (failure) throw failure;
      acted.push(action);
      return ['done'];
    },
    onBug: (error) => bugs.push(error),
  });
  port = Number(new URL(server.url).port);
});
afterEach(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('the page', () => {
  test('has its address on 127.0.0.1, with the token where a browser does not send it', () => {
    expect(server.url).toBe(`http://127.0.0.1:${port}/#token=${TOKEN}`);
  });

  test.each([
    ['/', 'index.html', 'text/html'],
    ['/page.js', 'page.js', 'text/javascript'],
    ['/page.css?1', 'page.css', 'text/css'],
  ])('%s is %s, is not cached, and may load nothing from elsewhere', async (path, name, type) => {
    const { status, headers, body } = await answer('GET', path, { authorization: '' });
    expect([status, body]).toEqual([200, name]);
    expect(headers['content-type']).toContain(type);
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'; /);
    expect(headers['content-security-policy']).not.toContain('unsafe');
  });

  test.each([
    '/../server.ts',
    '/..%2f..%2fpackage.json',
    '/%2e%2e/page.js',
    '/page.js/',
    '/index.html',
    '//etc/passwd',
  ])('nothing else of the folder or above it is served: %s', async (path) => {
    // A path that leads to one of the three files is that file.
    const { status, body } = await answer('GET', path);
    expect(status === 404 || body === 'page.js').toBe(true);
  });
});

describe('the guard', () => {
  // Only Linux has more addresses of the machine itself.
  test.runIf(process.platform === 'linux')('listens on 127.0.0.1 only', async () => {
    await expect(once(createConnection({ host: '127.0.0.2', port }), 'connect')).rejects.toThrow('ECONNREFUSED');
  });

  test.each(['localhost', '127.0.0.1'])('takes requests for %s', async (name) => {
    expect((await answer('GET', '/', { host: `${name}:${port}` })).status).toBe(200);
  });

  test.each(['evil.example', 'evil.example:1', '127.0.0.1', '127.0.0.1:1', '[::1]:1', '0.0.0.0'])(
    'refuses requests for the host %s, whatever they have',
    async (host) => {
      expect((await answer('GET', '/', { host })).status).toBe(403);
      expect((await answer('POST', '/actions', { host, origin: `http://${host}` }, suspend)).status).toBe(403);
      expect(acted).toEqual([]);
    },
  );

  test.each(['http://evil.example', 'http://127.0.0.1:1', 'https://127.0.0.1', 'null', ''])(
    'refuses requests from the origin %j',
    async (origin) => {
      expect((await answer('POST', '/actions', { origin }, suspend)).status).toBe(403);
      expect((await answer('GET', '/events', { origin })).status).toBe(403);
      expect(acted).toEqual([]);
    },
  );

  test('refuses an action without an origin', async () => {
    const asked = ask('POST', '/actions');
    asked.removeHeader('origin');
    asked.end(suspend);
    const [{ statusCode }] = await once(asked, 'response');
    expect([statusCode, acted]).toEqual([403, []]);
  });

  test.each(['', 'Bearer', 'Bearer wrong-tok', `Basic ${TOKEN}`, `Bearer ${TOKEN}x`])(
    'shows nothing and does nothing with the authorization %j',
    async (authorization) => {
      const events = await answer('GET', '/events', { authorization });
      expect([events.status, events.body]).toEqual([401, expect.not.stringContaining(ID)]);
      expect((await answer('POST', '/actions', { authorization }, suspend)).status).toBe(401);
      expect((await answer('GET', `/events?token=${TOKEN}`, { authorization, cookie: `token=${TOKEN}` })).status).toBe(
        401,
      );
      expect(acted).toEqual([]);
    },
  );

  test.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])('%s changes nothing', async (method) => {
    const origin = { origin: `http://127.0.0.1:${port}` };
    expect((await answer(method, '/actions', origin, method === 'GET' ? '' : suspend)).status).toBe(404);
    expect(acted).toEqual([]);
  });
});

describe('events', () => {
  const firstEvent = async (path: string) => {
    const asked = ask('GET', path).end();
    const [response] = await once(asked, 'response');
    const [chunk] = await once(response, 'data');
    asked.destroy();
    expect(response.headers['content-type']).toBe('text/event-stream');
    const [, json = ''] = /^data: (.+)\n\n$/.exec(String(chunk)) ?? [];
    return JSON.parse(json);
  };

  test('list all endpoints', async () => {
    expect(await firstEvent('/events')).toMatchObject({
      kind: 'overview',
      rows: [{ endpoint: ID, cells: [ID, '111111111111', 'A', '2026-11-01 11:00:00', '-', ''], needsAttention: false }],
    });
  });

  test('show one endpoint', async () => {
    expect(await firstEvent(`/events?endpoint=${encodeURIComponent(ID)}`)).toMatchObject({
      kind: 'endpoint',
      title: `${ID} (SageMaker endpoint iris, InService)`,
      facts: [
        ['serves', '111111111111 in slot A since 2026-11-01 11:00:00'],
        ['newest', '222222222222, uploaded 2026-11-01 11:58:00'],
        expect.anything(),
      ],
      explanation: { reason: 'Settling' },
    });
  });
});

describe('actions', () => {
  test('run, and answer with what the command prints', async () => {
    const { status, body } = await answer('POST', '/actions', {}, suspend);
    expect([status, JSON.parse(body)]).toEqual([200, { lines: ['done'] }]);
    expect(acted).toEqual([{ command: 'suspend', endpoint: ID, reason: 'audit' }]);
  });

  test('answer with the error of the command', async () => {
    failure = new CommandFailure('There is no endpoint.');
    const { status, body } = await answer('POST', '/actions', {}, suspend);
    expect([status, JSON.parse(body)]).toEqual([409, { error: 'There is no endpoint.' }]);
    expect(bugs).toEqual([]);
  });

  test('that hit a bug are not answered as done', async () => {
    failure = new TypeError('x is undefined');
    await expect(answer('POST', '/actions', {}, suspend)).rejects.toThrow();
    expect(bugs).toEqual([failure]);
  });

  test.each([
    ['no JSON', 'suspend'],
    ['another command', JSON.stringify({ command: 'local', endpoint: ID })],
    ['an endpoint that is an option', JSON.stringify({ command: 'suspend', endpoint: '--profile=admin' })],
    ['a revision that is an option', JSON.stringify({ command: 'retry', endpoint: ID, revision: '--help' })],
    ['no endpoint', JSON.stringify({ command: 'suspend' })],
    ['too much', JSON.stringify({ command: 'suspend', endpoint: ID, reason: 'x'.repeat(20_000) })],
  ])('that are %s are refused', async (_, body) => {
    expect((await answer('POST', '/actions', {}, body)).status).toBe(400);
    expect(acted).toEqual([]);
  });
});
