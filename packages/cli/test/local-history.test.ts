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

let folder: string;
let runtime: LocalRuntime;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'freshpoint-history-'));
  runtime = await startLocalRuntime({ stateDir: join(folder, 'state') });
  const put = (what: string, value: object) =>
    runtime.cloud.call(
      'ssm',
      'PutParameter',
      { Name: `/freshpoint/Iris/Endpoint/${what}`, Value: JSON.stringify(value), Type: 'String', Overwrite: true },
      { arn: 'arn:aws:iam::000000000000:root' },
    );
  await put('spec', { version: 1, endpointName: 'Iris' });
  await put('state', { version: 1, served: { configName: 'a', revision: 'r119', newestSource: 1, since: 1 } });
  await put('history', { version: 1 });
  for (let n = 0; n < 120; n++) {
    const record = { version: 1, id: `r${n}`, outcome: 'succeeded', revision: `r${n}`, slot: 'a', by: 'upload' };
    await put('history', { ...record, at: new Date(n * 1000).toISOString(), seconds: n, sources: [] });
  }
});
afterAll(async () => {
  await runtime?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function history(...args: string[]): Promise<{ status: number | null; out: string; error: string }> {
  const env = {
    ...process.env,
    ...{ AWS_ENDPOINT_URL: runtime.url, AWS_REGION: 'us-east-1' },
    ...{ AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
  };
  const child = spawn(process.execPath, ['--conditions=source', MAIN, 'history', ...args], { env });
  const [out, error] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { status: child.exitCode, out, error };
}

test('freshpoint history reads the last hundred refreshes, newest first, over HTTP', async () => {
  const { out } = await history('Iris/Endpoint', '--json');
  const records = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(records).toHaveLength(100);
  expect(records[0]).toMatchObject({ revision: 'r119', served: true });
  expect(records[99]).toMatchObject({ revision: 'r20', served: false });
});

test('freshpoint history names the endpoints that there are', async () => {
  expect((await history()).out).toBe('Iris/Endpoint\n');
  const { status, error } = await history('Iris/Tulip');
  expect(error).toContain('freshpoint: There is no endpoint "Iris/Tulip". There are: Iris/Endpoint.');
  expect(status).toBe(1);
});
