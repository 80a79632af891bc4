import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

let folder: string;
let assembly: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'freshpoint-cli-'));
  assembly = await writeAssembly('good', { Type: 'AWS::SQS::Queue' });
});
afterAll(() => rm(folder, { recursive: true }));

/** A cloud assembly with one stack of one resource. */
async function writeAssembly(name: string, resource: object): Promise<string> {
  const path = await mkdtemp(join(folder, name));
  const artifact = { type: 'aws:cloudformation:stack', properties: { templateFile: 'Shop.template.json' } };
  await writeFile(join(path, 'manifest.json'), JSON.stringify({ version: '48.0.0', artifacts: { Shop: artifact } }));
  const template = { Resources: { Thing: resource }, Outputs: { Thing: { Value: { Ref: 'Thing' } } } };
  await writeFile(join(path, 'Shop.template.json'), JSON.stringify(template));
  return path;
}

function start(...args: string[]): {
  child: ChildProcess;
  lines: AsyncIterableIterator<string>;
  rest: Promise<string>;
} {
  const child = spawn(
    process.execPath,
    [
      '--conditions=source',
      '--disable-warning=ExperimentalWarning',
      MAIN,
      'local',
      '--state',
      join(folder, 'state'),
      ...args,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let errors = '';
  child.stderr!.on('data', (chunk) => {
    errors += chunk;
  });
  const rest = once(child, 'close').then(() => errors);
  return { child, lines: createInterface({ input: child.stdout! })[Symbol.asyncIterator](), rest };
}

async function lineWith(lines: AsyncIterableIterator<string>, text: string): Promise<string> {
  for (;;) {
    const { value, done } = await lines.next();
    if (done) throw new Error(`ended without a line with ${text}`);
    if (value.includes(text)) return value;
  }
}

describe('freshpoint local', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('deploys, answers, and leaves nothing behind after %s', async (signal) => {
    const { child, lines, rest } = start('--port', '0', '--assembly', assembly);
    const url = (await lineWith(lines, 'AWS_ENDPOINT_URL=')).split('=')[1];
    expect((await fetch(`${url}/_freshpoint/health`)).status).toBe(200);
    child.kill(signal);
    expect(await rest).toBe('');
    expect(child.exitCode).toBe(0);
    expect(await readdir(join(folder, 'state'))).toEqual([]);
    await expect(fetch(`${url}/_freshpoint/health`)).rejects.toThrow();
  });

  test('tells programs when it is ready, with the outputs', async () => {
    const { child, lines, rest } = start('--port', '0', '--assembly', assembly, '--json');
    const { outputs } = JSON.parse(await lineWith(lines, '"ready"'));
    expect(outputs.Shop.Thing).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/000000000000\/Shop-Thing-/);
    child.kill();
    await rest;
  });

  test('starts empty without an assembly', async () => {
    const { child, lines, rest } = start('--port', '0');
    await lineWith(lines, 'AWS_ENDPOINT_URL=');
    child.kill();
    expect(await rest).toBe('');
  });

  test('says so when the port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const { child, rest } = start('--port', String(port));
    expect(await rest).toMatch(`freshpoint: Port ${port} is in use. Take another with --port`);
    expect(child.exitCode).toBe(2);
    server.close();
  });

  test('names a resource type that it does not simulate, without a stack trace, and ends', async () => {
    const other = await writeAssembly('other', { Type: 'AWS::EKS::Cluster' });
    const { child, rest } = start('--port', '0', '--assembly', other);
    const errors = await rest;
    expect(errors).toContain('AWS::EKS::Cluster');
    expect(errors).not.toMatch(/^ +at /m);
    expect(child.exitCode).toBe(1);
  });

  test('names the stacks that there are when one is unknown', async () => {
    const { child, rest } = start('--port', '0', '--assembly', assembly, '--stack', 'Shoe');
    expect(await rest).toMatch(/has no stack Shoe\. It has: Shop\./);
    expect(child.exitCode).toBe(1);
  });
});
