import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createGzip, gzipSync } from 'node:zlib';
import { NAMES } from '@freshpoint-examples/iris/names';
import { Header } from 'tar';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Stage } from './stage.ts';

interface Entry {
  readonly path: string;
  readonly type?: 'File' | 'SymbolicLink' | 'Link' | 'FIFO';
  readonly linkpath?: string;
  readonly content?: string;
}

/** An archive with exactly these headers, whatever a decent tar would say to them. */
function archive(...entries: Entry[]): Buffer {
  const blocks = entries.flatMap(({ path, type = 'File', linkpath, content = '' }) => {
    const body = Buffer.from(content);
    const header = new Header({ path, type, linkpath, size: body.length, mode: 0o644, mtime: new Date(0) });
    header.encode();
    return [header.block!, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

const GOOD: readonly Entry[] = [
  { path: 'model.json', content: '{"name":"hostile"}' },
  {
    path: 'code/inference.mjs',
    content: "export const model_fn = () => ({ name: 'hostile' }); export const predict_fn = (_, m) => m;",
  },
];

describe('a hostile archive', () => {
  let stage: Stage;
  let bucket: string;
  let outside: string;

  beforeAll(async () => {
    stage = await Stage.open();
    bucket = await stage.deployIris();
    outside = join(stage.folder, 'outside');
    await mkdir(outside);
  });
  afterAll(() => stage?.close());

  /** 256 MiB of zeros in a quarter of a megabyte. */
  async function bomb(): Promise<Buffer> {
    const size = 2 ** 28;
    const header = new Header({ path: 'zeros', type: 'File', size, mode: 0o644, mtime: new Date(0) });
    header.encode();
    const gzip = createGzip({ level: 9 });
    const chunks: Buffer[] = [];
    gzip.on('data', (chunk) => chunks.push(chunk));
    const ended = new Promise((resolve) => gzip.once('end', resolve));
    gzip.write(header.block!);
    const zeros = Buffer.alloc(2 ** 24);
    for (let sent = 0; sent < size; sent += zeros.length) {
      if (!gzip.write(zeros)) await new Promise((resolve) => gzip.once('drain', resolve));
    }
    gzip.end(Buffer.alloc(1024));
    await ended;
    return Buffer.concat(chunks);
  }

  test.each<[string, () => Buffer | Promise<Buffer>]>([
    ['with a path that climbs out', () => archive(...GOOD, { path: '../../../../outside/a', content: 'x' })],
    ['with an absolute path', () => archive(...GOOD, { path: join(outside, 'b'), content: 'x' })],
    [
      'with a symbolic link',
      () =>
        archive(...GOOD, { path: 'link', type: 'SymbolicLink', linkpath: outside }, { path: 'link/c', content: 'x' }),
    ],
    ['with a hard link', () => archive(...GOOD, { path: 'passwd', type: 'Link', linkpath: '/etc/passwd' })],
    ['with a pipe', () => archive(...GOOD, { path: 'pipe', type: 'FIFO' })],
    ['that is a bomb', bomb],
    ['that ends in the middle', () => archive(...GOOD).subarray(0, 120)],
    ['without anything', () => Buffer.alloc(0)],
  ])('%s is refused with a reason, writes nothing outside, and the endpoint goes on', async (_, make) => {
    const place = stage.loop.length;
    const path = join(stage.folder, 'hostile.tar.gz');
    await writeFile(path, await make());
    await stage.uploadFile(bucket, NAMES.modelKey, path);
    const { message } = await stage.untilLoop('that it is refused', ({ decision }) => decision === 'refused', place);
    expect(message).toMatch(
      /model data|Failed to|did not pass|archive|gzipped tar|ends too early|neither a file nor a folder/i,
    );
    expect(await readdir(outside)).toEqual([]);
    await stage.untilServes('Iris', 'v1');
  });

  test('is no harm to what comes after it', async () => {
    await stage.upload(bucket, NAMES.modelKey, 'v2');
    await stage.untilServes('Iris', 'v2');
  });
});
