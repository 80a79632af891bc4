import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type EndpointStore, historyPrefix, specParameterName, stateKey, storePrefix } from '@freshpoint/cdk/contract';
import { type HistoryRecord, historyRecordName } from '@freshpoint/engine/policy/history';
import { type LocalRuntime, startLocalRuntime } from '@freshpoint/local';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from './command-process.ts';
import { R1, R2 } from './records.ts';

const ROOT = { arn: 'arn:aws:iam::000000000000:root' };
const BUCKET = 'data-of-the-stack';
const HISTORY_LENGTH = 120;

let folder: string;
let runtime: LocalRuntime;
let queueUrl: string;

const storeOf = (endpoint: string): EndpointStore => ({ bucket: BUCKET, prefix: storePrefix(endpoint) });

async function putSpec(endpoint: string, spec: object): Promise<void> {
  const Value = JSON.stringify({ version: 1, store: storeOf(endpoint), ...spec });
  await runtime.cloud.call('ssm', 'PutParameter', { Name: specParameterName(endpoint), Value, Type: 'String' }, ROOT);
}

async function putObject(Key: string, value: object): Promise<void> {
  await runtime.cloud.call('s3', 'PutObject', { Bucket: BUCKET, Key, Body: JSON.stringify(value) }, ROOT);
}

const putState = (endpoint: string, state: object) => putObject(stateKey(storeOf(endpoint)), state);

async function putRecord(endpoint: string, record: HistoryRecord): Promise<void> {
  await putObject(historyPrefix(storeOf(endpoint)) + historyRecordName(record), record);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'freshpoint-live-'));
  runtime = await startLocalRuntime({ stateDir: join(folder, 'state') });
  await runtime.cloud.call('s3', 'CreateBucket', { Bucket: BUCKET }, ROOT);
  const record = { version: 1, outcome: 'succeeded', slot: 'a', trigger: 'upload', sources: [] } as const;
  // The whole history is longer than the buffer of a pipe.
  const warning = 'is far smaller than before '.repeat(50);
  const serving = { configName: 'a', newestSource: 1, since: 1 };
  await putSpec('Iris/Endpoint', { endpointName: 'Iris' });
  await putState('Iris/Endpoint', { version: 1, serving: { ...serving, revision: 'r119' } });
  for (let n = 0; n < HISTORY_LENGTH; n++) {
    const at = new Date(n * 1000).toISOString();
    await putRecord('Iris/Endpoint', { ...record, revision: `r${n}`, at, seconds: n, warning });
  }
  const { QueueUrl } = await runtime.cloud.call('sqs', 'CreateQueue', { QueueName: 'reconcile-requests' }, ROOT);
  queueUrl = QueueUrl;
  const data = { bucket: 'copies', root: 'r/', files: [] };
  await putSpec('Rose/Endpoint', { endpointName: 'Rose', data, queueUrl });
  await putState('Rose/Endpoint', { version: 1, serving: { ...serving, revision: R2 }, stored: [R2, R1] });
  for (const [hour, revision] of [R1, R2].entries()) {
    const at = `2026-11-01T1${hour}:00:00.000Z`;
    await putRecord('Rose/Endpoint', { ...record, revision, at, seconds: 1 });
  }
});
afterAll(async () => {
  await runtime?.stop();
  await rm(folder, { recursive: true, force: true });
});

function objectsIn(out: string) {
  return out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

test('freshpoint history reads the last hundred refreshes, newest first, over HTTP', async () => {
  const records = objectsIn((await runCommand(['history', 'Iris/Endpoint', '--json'], runtime.url)).out);
  expect(records).toHaveLength(100);
  expect(records[0]).toMatchObject({ revision: 'r119', serving: true });
  expect(records[99]).toMatchObject({ revision: 'r20', serving: false });
});

test('freshpoint history lists the endpoints, also when one is unknown', async () => {
  expect((await runCommand(['history'], runtime.url)).out).toBe('Iris/Endpoint\nRose/Endpoint\n');
  expect(await runCommand(['history', 'Iris/Tulip'], runtime.url)).toEqual({
    exitCode: 1,
    out: '',
    error: 'freshpoint: There is no endpoint "Iris/Tulip". Available endpoints: Iris/Endpoint, Rose/Endpoint.\n',
  });
});

test('freshpoint rollback writes the pin, enqueues a reconcile request and ends when the revision serves', async () => {
  const args = ['rollback', 'Rose/Endpoint', '--reason', 'accuracy fell', '--json'];
  const rollback = runCommand(args, runtime.url);
  const receive = { QueueUrl: queueUrl, WaitTimeSeconds: 20 };
  const { Messages } = await runtime.cloud.call('sqs', 'ReceiveMessage', receive, ROOT);
  expect(JSON.parse(Messages[0].Body)).toEqual({ version: 1, endpoint: 'Rose/Endpoint' });
  const get = { Bucket: BUCKET, Key: stateKey(storeOf('Rose/Endpoint')) };
  const { Body } = await runtime.cloud.call('s3', 'GetObject', get, ROOT);
  const state = JSON.parse(await text(Body));
  expect(state).toMatchObject({ serving: { revision: R2 }, pin: { revision: R1, reason: 'accuracy fell' } });
  await putState('Rose/Endpoint', { ...state, serving: { ...state.serving, revision: R1 } });
  const { exitCode, out, error } = await rollback;
  expect(error).toBe('');
  const events = objectsIn(out).map(({ event }) => event);
  // It may have polled before the revision served.
  expect(events.filter((event) => event !== 'waiting')).toEqual(['pinned', 'serving']);
  expect(exitCode).toBe(0);
});

test('the command reports an unreachable service in one line', async () => {
  const { exitCode, error } = await runCommand(['history'], 'http://127.0.0.1:1');
  expect(error).toMatch(
    /^freshpoint: ssm:GetParametersByPath \(\/freshpoint\) got no response: .*AWS_ENDPOINT_URL.*\n$/,
  );
  expect(exitCode).toBe(1);
});

test('the command exits with 2 when its command line is invalid', async () => {
  expect(await runCommand(['rollback'])).toEqual({
    exitCode: 2,
    out: '',
    error:
      'freshpoint: Missing endpoint. Run `freshpoint status` to list endpoints.\nRun `freshpoint --help` for usage.\n',
  });
});
