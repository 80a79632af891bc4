import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type LocalRuntime, startLocalRuntime } from '@freshpoint/local';
import { afterAll, beforeAll, expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const FLAGS = ['--conditions=source', '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON'];

const [R1, R2] = ['1', '2'].map((digit) => digit.repeat(64)) as [string, string];
const ROOT = { arn: 'arn:aws:iam::000000000000:root' };

let folder: string;
let runtime: LocalRuntime;
let queueUrl: string;

async function put(endpoint: string, what: string, value: object): Promise<void> {
  const given = { Name: `/freshpoint/${endpoint}/${what}`, Value: JSON.stringify(value) };
  await runtime.cloud.call('ssm', 'PutParameter', { ...given, Type: 'String', Overwrite: true }, ROOT);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'freshpoint-history-'));
  runtime = await startLocalRuntime({ stateDir: join(folder, 'state') });
  const record = { version: 1, outcome: 'succeeded', slot: 'a', trigger: 'upload', sources: [] };
  // More than a pipe holds, all in all.
  const warning = 'is far smaller than before '.repeat(50);
  const serving = { configName: 'a', newestSource: 1, since: 1 };
  await put('Iris/Endpoint', 'spec', { version: 1, endpointName: 'Iris' });
  await put('Iris/Endpoint', 'state', { version: 1, serving: { ...serving, revision: 'r119' } });
  await put('Iris/Endpoint', 'history', { version: 1 });
  for (let n = 0; n < 120; n++) {
    const at = new Date(n * 1000).toISOString();
    await put('Iris/Endpoint', 'history', { ...record, id: `r${n}`, revision: `r${n}`, at, seconds: n, warning });
  }
  const { QueueUrl } = await runtime.cloud.call('sqs', 'CreateQueue', { QueueName: 'promises' }, ROOT);
  queueUrl = QueueUrl;
  const data = { bucket: 'copies', root: 'r/', files: [] };
  await put('Rose/Endpoint', 'spec', { version: 1, endpointName: 'Rose', data, queueUrl });
  await put('Rose/Endpoint', 'state', { version: 1, serving: { ...serving, revision: R2 } });
  for (const revision of [R1, R2]) {
    const at = '2026-11-01T12:00:00.000Z';
    await put('Rose/Endpoint', 'history', { ...record, id: revision, revision, at, seconds: 1 });
  }
});
afterAll(async () => {
  await runtime?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Runs the command as a person does; `url` is where AWS is. */
async function freshpoint(args: readonly string[], url = runtime.url) {
  const env = {
    ...process.env,
    ...{ AWS_ENDPOINT_URL: url, AWS_REGION: 'us-east-1' },
    ...{ AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
  };
  const child = spawn(process.execPath, [...FLAGS, MAIN, ...args], { env });
  const [out, error] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { status: child.exitCode, out, error };
}

function linesOf(out: string) {
  return out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

test('freshpoint history reads the last hundred refreshes, newest first, over HTTP', async () => {
  const records = linesOf((await freshpoint(['history', 'Iris/Endpoint', '--json'])).out);
  expect(records).toHaveLength(100);
  expect(records[0]).toMatchObject({ revision: 'r119', serving: true });
  expect(records[99]).toMatchObject({ revision: 'r20', serving: false });
});

test('freshpoint history names the endpoints that there are', async () => {
  expect((await freshpoint(['history'])).out).toBe('Iris/Endpoint\nRose/Endpoint\n');
  const { status, error } = await freshpoint(['history', 'Iris/Tulip']);
  expect(error).toBe('freshpoint: There is no endpoint "Iris/Tulip". There are: Iris/Endpoint, Rose/Endpoint.\n');
  expect(status).toBe(1);
});

test('freshpoint rollback writes the wish, promises a look, and ends when it is served', async () => {
  const back = freshpoint(['rollback', 'Rose/Endpoint', '--reason', 'accuracy fell', '--json']);
  const { Messages } = await runtime.cloud.call(
    'sqs',
    'ReceiveMessage',
    { QueueUrl: queueUrl, WaitTimeSeconds: 20 },
    ROOT,
  );
  expect(JSON.parse(Messages[0].Body)).toEqual({ version: 1, endpoint: 'Rose/Endpoint', stateVersion: 2 });
  const { Parameter } = await runtime.cloud.call(
    'ssm',
    'GetParameter',
    { Name: '/freshpoint/Rose/Endpoint/state' },
    ROOT,
  );
  const state = JSON.parse(Parameter.Value);
  expect(state).toMatchObject({ serving: { revision: R2 }, pin: { revision: R1, reason: 'accuracy fell' } });
  await put('Rose/Endpoint', 'state', { ...state, serving: { ...state.serving, revision: R1 } });
  const { status, out, error } = await back;
  expect(error).toBe('');
  const events = linesOf(out).map(({ event }) => event);
  // It may have looked before it was served.
  expect(events.filter((event) => event !== 'waiting')).toEqual(['wanted', 'served']);
  expect(status).toBe(0);
});

test('says in one line that nobody answers', async () => {
  const { status, error } = await freshpoint(['history'], 'http://127.0.0.1:1');
  expect(error).toMatch(/^freshpoint: ssm:GetParametersByPath \(\/freshpoint\) got no answer: .*AWS_ENDPOINT_URL.*\n$/);
  expect(status).toBe(1);
});
