import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { parseEnv } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LocalArguments } from '../src/arguments.ts';
import { InUse } from '../src/command-failure.ts';
import { jsonOutput } from '../src/console-output.ts';
import { runLocal } from '../src/local.ts';
import { startCommand } from './command-process.ts';

let folder: string;
let assembly: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'freshpoint-cli-'));
  assembly = await writeAssembly('good', { Type: 'AWS::SQS::Queue' });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A cloud assembly with one stack of one resource. */
async function writeAssembly(name: string, resource: object): Promise<string> {
  const path = await mkdtemp(join(folder, name));
  const artifact = { type: 'aws:cloudformation:stack', properties: { templateFile: 'Shop.template.json' } };
  await writeFile(join(path, 'manifest.json'), JSON.stringify({ version: '48.0.0', artifacts: { Shop: artifact } }));
  const template = { Resources: { Thing: resource }, Outputs: { Thing: { Value: { Ref: 'Thing' } } } };
  await writeFile(join(path, 'Shop.template.json'), JSON.stringify(template));
  return path;
}

/** Runs the command in this process until it is ready, and stops it. Returns the events that it printed. */
async function run(change: Partial<LocalArguments> = {}) {
  const events: { readonly event: string; readonly outputs?: unknown; readonly reason?: string }[] = [];
  const stop = new AbortController();
  const output = jsonOutput((line) => events.push(JSON.parse(line)));
  const options: LocalArguments = {
    ...{ command: 'local', empty: false, watch: false, port: 0, stateDir: join(folder, 'state') },
    ...{ times: 'fast', containers: [], format: 'json' },
    ...change,
  };
  const ready = (...given: Parameters<typeof output.ready>) => {
    output.ready(...given);
    stop.abort();
  };
  const failed = (...given: Parameters<typeof output.failed>) => {
    output.failed(...given);
    stop.abort();
  };
  await runLocal(options, { ...output, ready, failed }, stop.signal);
  return events;
}

describe('the process of freshpoint local', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('deploys, responds, and leaves nothing behind after %s', async (signal) => {
    const args = ['local', '--state', join(folder, signal), '--port', '0', '--assembly', assembly];
    const child = startCommand(args);
    const errors = text(child.stderr);
    const closed = once(child, 'close');
    let url = '';
    try {
      for await (const line of createInterface({ input: child.stdout })) {
        if (!line.startsWith('AWS_ENDPOINT_URL=')) continue;
        url = line.replace('AWS_ENDPOINT_URL=', '');
        expect((await fetch(`${url}/_freshpoint/health`)).status).toBe(200);
        child.kill(signal);
      }
    } finally {
      child.kill('SIGTERM');
    }
    await closed;
    expect(await errors).toBe('');
    expect(child.exitCode).toBe(0);
    expect(await readdir(join(folder, signal))).toEqual([]);
    await expect(fetch(`${url}/_freshpoint/health`)).rejects.toThrow();
  });
});

describe('runLocal', () => {
  test('reports when it is ready, with the outputs of the stacks', async () => {
    expect((await run({ assembly })).at(-1)).toMatchObject({
      event: 'ready',
      outputs: { Shop: { Thing: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/000000000000\/Shop-Thing-/) } },
    });
  });

  test('starts empty without an assembly', async () => {
    expect((await run()).map(({ event }) => event)).toEqual(['started', 'ready']);
  });

  test('rejects a port that is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const failed = run({ port });
    await expect(failed).rejects.toThrow(InUse);
    await expect(failed).rejects.toThrow(`Port ${port} is in use. Choose another with --port`);
    server.close();
  });

  test('rejects a folder that is not a cloud assembly', async () => {
    await expect(run({ assembly: folder })).rejects.toThrow(/has no manifest\.json.*Run `cdk synth`/);
    await expect(run({ assembly: join(folder, 'none') })).rejects.toThrow(/is not a folder.*Run `cdk synth`/);
  });

  test('names a resource type that would change what is served, and goes on', async () => {
    const events = await run({
      assembly: await writeAssembly('other', { Type: 'AWS::SageMaker::InferenceComponent' }),
    });
    expect(events.at(-1)).toMatchObject({
      event: 'failed',
      reason: expect.stringContaining('Shop: AWS::SageMaker::InferenceComponent (Thing)'),
    });
  });

  test('names the stacks of the assembly when one is unknown', async () => {
    const events = await run({ assembly, stacks: ['Shoe'] });
    expect(events.at(-1)).toMatchObject({ event: 'failed', reason: expect.stringMatching(/Shoe.*Shop/) });
  });

  test('says that an app has no stacks', async () => {
    await writeFile(join(folder, 'manifest.json'), '{}');
    const events = await run({ assembly: folder });
    expect(events.at(-1)).toMatchObject({ event: 'failed', reason: expect.stringContaining('has no stacks') });
  });

  test('lists what it only records', async () => {
    const events = await run({ assembly: await writeAssembly('network', { Type: 'AWS::EC2::VPC' }) });
    expect(events.at(-1)).toMatchObject({ event: 'ready', recordedOnly: ['AWS::EC2::VPC'] });
  });

  test('writes the variables for clients to a file', async () => {
    const envFile = join(folder, 'variables');
    const [started] = await run({ envFile });
    expect(parseEnv(await readFile(envFile, 'utf8'))).toEqual({
      AWS_ENDPOINT_URL: (started as { url?: string } | undefined)?.url,
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    });
    await expect(run({ envFile: folder })).rejects.toThrow(/--write-env is .* cannot be written/);
  });

  test('needs an app to watch', async () => {
    await expect(run({ watch: true })).rejects.toThrow('--watch needs a cdk.json');
  });
});
