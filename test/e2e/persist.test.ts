import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { NAMES } from '@freshpoint-examples/iris/names';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeTinyModel } from './archives.ts';
import { type LocalCommand, startLocalCommand } from './local-command.ts';
import { quickIris } from './stage.ts';
import { until } from './until.ts';

let folder: string;
let started: LocalCommand[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'freshpoint-persist-'));
  started = [];
});
afterEach(async () => {
  for (const local of started) await local.stop();
  await rm(folder, { recursive: true, force: true });
});

async function start(...args: string[]): Promise<LocalCommand> {
  const local = await startLocalCommand(folder, ['--persist', join(folder, 'kept'), ...args]);
  started.push(local);
  return local;
}

async function kill({ child }: LocalCommand): Promise<void> {
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}

const configFor = ({ url }: LocalCommand) => ({
  endpoint: url,
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  maxAttempts: 1,
});
const s3For = (local: LocalCommand) => new S3Client({ ...configFor(local), forcePathStyle: true });

async function answerOf(local: LocalCommand): Promise<string> {
  const client = new SageMakerRuntimeClient(configFor(local));
  const { Body } = await client.send(new InvokeEndpointCommand({ EndpointName: 'Iris', Body: '[]' }));
  return JSON.parse(Buffer.from(Body).toString()).name;
}

describe('a runtime with --persist', () => {
  test('that is killed goes on with its endpoint, whose controller serves the next upload', async () => {
    const assembly = join(folder, 'cdk.out');
    quickIris(assembly, await writeTinyModel(folder, 'v1')).synth();
    const first = await start('--assembly', assembly);
    const bucket = /BucketName = (\S+)/.exec(first.lines.join('\n'))?.[1];
    const upload = async (local: LocalCommand, name: string) => {
      const Body = await readFile(await writeTinyModel(folder, name));
      await s3For(local).send(new PutObjectCommand({ Bucket: bucket, Key: NAMES.modelKey, Body }));
    };
    expect(await answerOf(first)).toBe('v1');
    await first.stop();

    const second = await start('--empty');
    await until('v1 serves again', async () => (await answerOf(second).catch(() => '')) === 'v1');
    await kill(second);

    const third = await start('--empty');
    await until('v1 serves again', async () => (await answerOf(third).catch(() => '')) === 'v1');
    await upload(third, 'v2');
    await until('v2 serves', async () => (await answerOf(third)) === 'v2', { got: () => third.lines.join('\n') });
  });

  test('that is killed while it stores objects has whole objects only', async () => {
    let written = 0;
    for (const writes of [3, 17, 40]) {
      const local = await start('--empty');
      const s3 = s3For(local);
      await s3.send(new CreateBucketCommand({ Bucket: 'data' })).catch(() => undefined);
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'data' }));
      for (const { Key, ETag } of Contents) {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'data', Key }));
        const bytes = await Body?.transformToByteArray();
        const md5 = createHash('md5').update(Buffer.from(bytes ?? []));
        expect(`"${md5.digest('hex')}"`, `${Key} after ${written} writes`).toBe(ETag);
      }
      // The same keys over and over: what an overwritten object leaves must not be missed by an older state.
      const put = async (index: number) => {
        const Body = Buffer.alloc(1000 + index * 977, index);
        await s3.send(new PutObjectCommand({ Bucket: 'data', Key: `k${index % 5}`, Body }));
        written++;
      };
      const rest: Promise<void>[] = [];
      for (let index = 0; index < writes; index++) await put(index);
      for (let index = 0; index < 20; index++) rest.push(put(index).catch(() => undefined));
      await kill(local);
      await Promise.all(rest);
    }
    expect(written).toBeGreaterThanOrEqual(60);
  });

  test('has its folder and its port alone', async () => {
    const local = await start('--empty');
    await expect(start('--empty')).rejects.toThrow(/ended with 4: .*The folder .* is used by another local runtime/);
    const { port } = new URL(local.url);
    const other = ['--empty', '--port', port, '--persist', join(folder, 'other')];
    await expect(startLocalCommand(folder, other)).rejects.toThrow(`ended with 4: freshpoint: Port ${port} is in use`);
    expect(
      await s3For(local)
        .send(new ListObjectsV2Command({ Bucket: 'none' }))
        .catch((error) => error.name),
    ).toBe('NoSuchBucket');
  });
});
