import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitUntil } from '../processes/wait-until.ts';
import { edge } from './edge.ts';

let world: Awaited<ReturnType<typeof edge>>;
let gatewayUrl = 'http://127.0.0.1:4566';
beforeAll(async () => {
  world = await edge({
    issueCredentials: () => ({ accessKeyId: 'ASIA1', secretAccessKey: 's', sessionToken: 't' }),
    gatewayUrl: () => gatewayUrl,
  });
});
afterAll(async () => {
  await world.close();
});

const run = async (files: Record<string, string>, settings?: object, event?: unknown) =>
  await world.invoke(await world.create(files, settings), event);

describe('a function in a child process', () => {
  it('gets event, context and environment, and answers', async () => {
    process.env.FRESHPOINT_TEST_SECRET = 'secret';
    const { payload } = await run(
      {
        'index.mjs': `export const handler = async (event, context) => ({
          event, env: process.env, cwd: process.cwd(), context,
          left: context.getRemainingTimeInMillis(), console: typeof console.log })`,
      },
      { Timeout: 9, MemorySize: 256, Environment: { Variables: { OWN: 'yes' } } },
      { a: 'ä' },
    );
    expect(payload.event).toEqual({ a: 'ä' });
    expect(payload.left).toBeGreaterThan(5_000);
    expect(payload.left).toBeLessThanOrEqual(9_000);
    expect(payload.cwd).toBe(payload.env.LAMBDA_TASK_ROOT);
    expect(payload.env).toMatchObject({
      OWN: 'yes',
      AWS_ACCESS_KEY_ID: 'ASIA1',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
      _X_AMZN_TRACE_ID: expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$/),
    });
    expect(payload.env).not.toHaveProperty('FRESHPOINT_TEST_SECRET');
    expect(payload.context).toMatchObject({
      functionName: payload.env.AWS_LAMBDA_FUNCTION_NAME,
      functionVersion: '$LATEST',
      memoryLimitInMB: '256',
      invokedFunctionArn: expect.stringMatching(/:function:fn-\d+$/),
      logGroupName: payload.env.AWS_LAMBDA_LOG_GROUP_NAME,
      awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it.each([
    ['CommonJS', { 'index.js': 'exports.handler = async () => "x"' }, 'index.handler'],
    ['.cjs', { 'index.cjs': 'exports.handler = async () => "x"' }, 'index.handler'],
    ['.mjs', { 'index.mjs': 'export const handler = async () => "x"' }, 'index.handler'],
    [
      'ES modules by package.json',
      { 'index.js': 'export const handler = async () => "x"', 'package.json': '{"type":"module"}' },
      'index.handler',
    ],
    ['a nested handler', { 'a/b.js': 'exports.c = { d: async () => "x" }' }, 'a/b.c.d'],
    ['a handler that is not async', { 'index.js': 'exports.handler = () => "x"' }, 'index.handler'],
  ])('is loaded as %s', async (_name, files, Handler) => {
    expect(await run(files as unknown as Record<string, string>, { Handler })).toMatchObject({ payload: 'x' });
  });

  it('is CommonJS also below a package.json that says otherwise, as nothing lies above it in Lambda', async () => {
    await writeFile(join(world.folder, 'package.json'), '{"type":"module"}');
    const files = {
      'index.js': 'exports.handler = async () => require("./other.js").x',
      'other.js': 'exports.x = "x"',
    };
    expect(await run(files)).toMatchObject({ payload: 'x' });
  });

  it('may use a callback on Node.js 22 and may not on 24', async () => {
    const files = { 'index.js': 'exports.handler = (event, context, callback) => callback(null, "x")' };
    expect(await run(files, { Runtime: 'nodejs22.x' })).toMatchObject({ payload: 'x' });
    expect(await run(files)).toMatchObject({
      error: 'Unhandled',
      payload: { errorType: 'Runtime.CallbackHandlerDeprecated' },
    });
  });

  it('answers null when it has nothing left to do but has not finished', async () => {
    const { error, payload } = await run({ 'index.js': 'exports.handler = () => new Promise(() => {})' });
    expect({ error, payload }).toEqual({ error: undefined, payload: null });
  });

  it('keeps its state between invocations', async () => {
    const name = await world.create({ 'index.js': 'let n = 0; exports.handler = async () => ++n' });
    expect((await world.invoke(name)).payload).toBe(1);
    expect((await world.invoke(name)).payload).toBe(2);
  });

  it('runs concurrent invocations in environments of their own', async () => {
    const source = 'exports.handler = async () => { await new Promise((r) => setTimeout(r, 300)); return process.pid }';
    const name = await world.create({ 'index.js': source });
    const [one, two] = await Promise.all([world.invoke(name), world.invoke(name)]);
    expect(one.payload).not.toBe(two.payload);
  });

  it('prints into the log of its own invocation, in order', async () => {
    const source = `exports.handler = async (n) => {
      console.log("first", n); console.error("second\\nline");
      process.stdout.write("raw\\n"); process.stderr.write("open");
    }`;
    const name = await world.create({ 'index.js': source });
    await world.invoke(name, 1);
    const { tail } = await world.invoke(name, 2);
    const id = /START RequestId: (\S+)/.exec(tail)?.[1];
    const lines = tail.split('\n');
    expect(tail).not.toContain('first 1');
    expect(lines.some((line) => line.endsWith(`Z\t${id}\tINFO\tfirst 2`))).toBe(true);
    expect(tail).toContain(`\t${id}\tERROR\tsecond\nline\n`);
    expect(lines).toContain('raw');
    expect(lines).toContain('open');
    // Of a warm environment; a missing end mark would cost the whole grace of a second.
    expect(Number(/Duration: ([\d.]+) ms/.exec(tail)?.[1])).toBeLessThan(1_000);
    expect(tail).toMatch(/REPORT RequestId: \S+\tDuration: \d+\.\d\d ms\t.*Max Memory Used: [1-9]\d+ MB/);
  });

  it('prints JSON records when the log format is JSON', async () => {
    const { tail } = await run(
      { 'index.js': 'exports.handler = async () => console.warn("x")' },
      { LoggingConfig: { LogFormat: 'JSON' } },
    );
    const record = tail.split('\n').find((line) => line.startsWith('{'));
    expect(JSON.parse(record ?? '')).toMatchObject({ level: 'WARN', message: 'x', requestId: expect.any(String) });
  });
});

describe('a response to CloudFormation by HTTPS', () => {
  it.each([
    ['AwsCustomResource', 'index.js', `const { request } = require('https');`],
    ['cfn-response', 'index.mjs', `import { request } from 'node:https';`],
  ])('as %s sends it reaches the address', async (_name, file, load) => {
    const received: unknown[] = [];
    const server = createServer((req, res) => {
      received.push(req.method, req.url, req.headers['content-type']);
      res.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    gatewayUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const source = `${load}
      const handler = (url) => new Promise((done, fail) => {
        const { hostname, pathname: path } = new URL(url);
        const headers = { 'content-type': '', 'content-length': 0 };
        request({ hostname, port: 443, path, method: 'PUT', headers }, done).on('error', fail).end();
      }).then(({ statusCode }) => statusCode);
      ${file.endsWith('.mjs') ? 'export { handler }' : 'exports.handler = handler'};`;
    const { payload } = await run({ [file]: source }, {}, `${gatewayUrl}/_freshpoint/cfn-response/1`);
    server.close();
    expect([payload, received]).toEqual([200, ['PUT', '/_freshpoint/cfn-response/1', '']]);
  });
});

describe('the AWS SDK', () => {
  it.each([
    ['require', 'index.js', `const { SSMClient } = require('@aws-sdk/client-ssm'); exports.handler = `],
    ['import', 'index.mjs', `import { SSMClient } from '@aws-sdk/client-ssm'; export const handler = `],
  ])('is there for %s, outside of any project', async (_name, file, load) => {
    const { payload } = await run({ [file]: `${load} async () => typeof new SSMClient({ region: 'x' }).send` });
    expect(payload).toBe('function');
  });

  it('may lack a client that is loaded, and not used', async () => {
    const source = `const { SFN } = require('@aws-sdk/client-sfn'); exports.handler = async (use) => use && new SFN({})`;
    const name = await world.create({ 'index.js': source });
    expect((await world.invoke(name, false)).payload).toBe(false);
    const { payload } = await world.invoke(name, true);
    expect(payload.errorMessage).toMatch(/'@aws-sdk\/client-sfn'\. Lambda has it.* npm install @aws-sdk\/client-sfn/);
  });
});

describe('a failure', () => {
  const js = (source: string) => ({ 'index.js': source });

  it('of the handler is its error with a trace', async () => {
    const { error, payload, tail } = await run(js('exports.handler = async () => { throw new TypeError("boom") }'));
    expect(error).toBe('Unhandled');
    expect(payload).toMatchObject({ errorType: 'TypeError', errorMessage: 'boom' });
    expect(payload.trace[0]).toBe('TypeError: boom');
    expect(tail).toContain('Invoke Error');
  });

  it('of the handler leaves the environment as it is', async () => {
    const name = await world.create(
      js('let n = 0; exports.handler = async () => { if (++n === 1) throw Error("x"); return n }'),
    );
    await world.invoke(name);
    expect((await world.invoke(name)).payload).toBe(2);
  });

  it.each([
    ['a module that is missing', {}, 'Runtime.ImportModuleError', /Cannot find module 'index'/],
    [
      'a module that is missing in the code',
      js('require("nowhere"); exports.handler = async () => 1'),
      'Runtime.ImportModuleError',
      /Cannot find module 'nowhere'/,
    ],
    ['a handler that is missing', js('exports.other = 1'), 'Runtime.HandlerNotFound', /index.handler is undefined/],
    ['a handler that is no function', js('exports.handler = 1'), 'Runtime.HandlerNotFound', /not a function/],
    ['code that cannot be read', js('exports.handler = ('), 'Runtime.UserCodeSyntaxError', /SyntaxError/],
    ['code that throws at the start', js('throw new RangeError("start")'), 'RangeError', /^start$/],
    ['code that ends at the start', js('process.exit(3)'), 'Runtime.ExitError', /exited with error: exit status 3$/],
    [
      'a handler that ends the process',
      js('exports.handler = async () => process.exit(0)'),
      'Runtime.ExitError',
      /^RequestId: \S+ Error: Runtime exited without providing a reason$/,
    ],
    [
      'a handler that is killed',
      js(
        'exports.handler = async () => process.kill(process.pid, "SIGKILL") && new Promise((r) => setTimeout(r, 9e5))',
      ),
      'Runtime.ExitError',
      /Runtime exited with error: signal: killed$/,
    ],
    [
      'an exception that nobody catches',
      js(
        `exports.handler = () => {
          setTimeout(() => { throw new Error("late") }, 1);
          return new Promise((r) => setTimeout(r, 9e5)) }`,
      ),
      'Error',
      /^late$/,
    ],
    [
      'a rejection that nobody handles',
      js(
        'exports.handler = () => { Promise.reject(new Error("late")); return new Promise((r) => setTimeout(r, 9e5)) }',
      ),
      'Runtime.UnhandledPromiseRejection',
      /^Error: late$/,
    ],
  ])('by %s is told', async (_name, files, errorType, message) => {
    const { error, payload } = await run({ 'other.txt': '', ...files }, { Timeout: 20 });
    expect(error).toBe('Unhandled');
    expect(payload).toMatchObject({ errorType, errorMessage: expect.stringMatching(message) });
  });

  it('that ends the environment is followed by a new one', async () => {
    const name = await world.create(js('exports.handler = async (end) => (end ? process.exit(1) : "alive")'));
    expect((await world.invoke(name, true)).error).toBe('Unhandled');
    expect((await world.invoke(name, false)).payload).toBe('alive');
  });

  it('that nobody catches ends the environment before the next invocation could meet it', async () => {
    const source = `exports.handler = (fail) => {
      if (!fail) return "alive";
      setTimeout(() => { throw new Error("late") }, 1);
      return new Promise((r) => setTimeout(r, 9e5)) }`;
    const name = await world.create(js(source), { Timeout: 20 });
    expect((await world.invoke(name, true)).payload.errorMessage).toBe('late');
    expect((await world.invoke(name, false)).payload).toBe('alive');
  });

  it('of an idle environment is not the next invocation’s', async () => {
    const name = await world.create(
      js('exports.handler = async () => { setTimeout(() => process.exit(1), 1); return process.pid }'),
    );
    const first = (await world.invoke(name)).payload;
    await waitUntil(() => !isRunning(first));
    const second = await world.invoke(name);
    expect(second.error).toBeUndefined();
    expect(second.payload).not.toBe(first);
  });

  it('by the timeout kills a function that is in an endless loop', async () => {
    const { error, payload, tail } = await run(js('exports.handler = async () => { console.log("in"); for (;;); }'), {
      Timeout: 1,
    });
    expect(error).toBe('Unhandled');
    expect(payload).toEqual({
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringMatching(/^RequestId: \S+ Error: Task timed out after 1.00 seconds$/),
    });
    expect(tail).toMatch(/INFO\tin\n.*Task timed out after 1.00 seconds\nEND/);
  });

  it('by memory is Runtime.OutOfMemory', async () => {
    const source = `const held = []; exports.handler = () => new Promise(() => {
      setInterval(() => held.push(Buffer.alloc(8 << 20, 1)), 5) })`;
    const { payload } = await run(js(source), { Timeout: 30 });
    expect(payload).toMatchObject({
      errorType: 'Runtime.OutOfMemory',
      errorMessage: expect.stringMatching(/Runtime exited with error: signal: killed$/),
    });
  });

  it('by an answer above 6 MB', async () => {
    const { payload } = await run(js('exports.handler = async () => "x".repeat(7e6)'));
    expect(payload).toEqual({
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
    });
  });
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
