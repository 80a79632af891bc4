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

/** An archive with exactly these headers, which tar programs would reject. */
function archive(...entries: Entry[]): Buffer {
  const blocks = entries.flatMap(({ path, type = 'File', linkpath, content = '' }) => {
    const body = Buffer.from(content);
    const header = new Header({ path, type, linkpath, size: body.length, mode: 0o644, mtime: new Date(0) });
    return [blockOf(header), body, Buffer.alloc((512 - (body.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

function blockOf(header: Header): Buffer {
  header.encode();
  if (!header.block) throw new Error('The header was not encoded.');
  return header.block;
}

const GOOD: readonly Entry[] = [
  { path: 'model.json', content: '{"name":"hostile"}' },
  {
    path: 'code/inference.mjs',
    content: "export const model_fn = () => ({ name: 'hostile' }); export const predict_fn = (_, m) => m;",
  },
];

const ZERO_BYTES = 256 * 2 ** 20;
const CHUNK_BYTES = 16 * 2 ** 20;

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

  /** 256 MiB of zeros, compressed to a quarter of a megabyte. */
  async function zeros(): Promise<Buffer> {
    const size = ZERO_BYTES;
    const header = new Header({ path: 'zeros', type: 'File', size, mode: 0o644, mtime: new Date(0) });
    const gzip = createGzip({ level: 9 });
    const chunks: Buffer[] = [];
    gzip.on('data', (chunk) => chunks.push(chunk));
    const ended = new Promise((resolve) => gzip.once('end', resolve));
    gzip.write(blockOf(header));
    const chunk = Buffer.alloc(CHUNK_BYTES);
    for (let sent = 0; sent < size; sent += chunk.length) {
      if (!gzip.write(chunk)) await new Promise((resolve) => gzip.once('drain', resolve));
    }
    gzip.end(Buffer.alloc(1024));
    await ended;
    return Buffer.concat(chunks);
  }

  test.each<[string, () => Buffer | Promise<Buffer>]>([
    ['with a path that leaves the folder', () => archive(...GOOD, { path: '../../../../outside/a', content: 'x' })],
    ['with an absolute path', () => archive(...GOOD, { path: join(outside, 'b'), content: 'x' })],
    [
      'with a symbolic link',
      () =>
        archive(...GOOD, { path: 'link', type: 'SymbolicLink', linkpath: outside }, { path: 'link/c', content: 'x' }),
    ],
    ['with a hard link', () => archive(...GOOD, { path: 'passwd', type: 'Link', linkpath: '/etc/passwd' })],
    ['with a pipe', () => archive(...GOOD, { path: 'pipe', type: 'FIFO' })],
    ['that is 256 MiB of zeros and no model', zeros],
    ['that ends in the middle', () => archive(...GOOD).subarray(0, 120)],
    ['without content', () => Buffer.alloc(0)],
  ])('%s is refused with a reason and writes nothing outside, and the endpoint stays in service', async (_, make) => {
    const from = stage.log.length;
    const path = join(stage.folder, 'hostile.tar.gz');
    await writeFile(path, await make());
    await stage.uploadFile(bucket, NAMES.modelKey, path);
    const { message } = await stage.untilLog('it is refused', ({ decision }) => decision === 'refused', from);
    expect(message).toMatch(
      /model data|Failed to|did not pass|archive|gzipped tar|ends too early|neither a file nor a folder/i,
    );
    expect(await readdir(outside)).toEqual([]);
    await stage.untilServes('Iris', 'v1');
  });

  test('does not affect the next upload', async () => {
    await stage.upload(bucket, NAMES.modelKey, 'v2');
    await stage.untilServes('Iris', 'v2');
  });
});
