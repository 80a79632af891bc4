import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diskBlobs } from '../../src/s3/disk-blobs.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blocks-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const BLOCK_BYTES = 256 * 1024;

describe('a blob on disk', () => {
  it.each([0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES, 5_000_003])(
    'of %i bytes is what was written, and so are its digests',
    async (size) => {
      const content = Buffer.alloc(size, 'freshpoint ');
      const sink = await diskBlobs(folder).create(['MD5', 'SHA256']);
      // The writer may reuse the memory of a chunk.
      const chunk = Buffer.alloc(100_000);
      for (let at = 0; at < size; at += chunk.length) {
        const length = content.copy(chunk, 0, at);
        await sink.write(chunk.subarray(0, length));
        chunk.fill(0);
      }
      const digests = await sink.digests();
      const stored = await readFile(join(folder, await sink.commit()));
      expect(stored.equals(content)).toBe(true);
      for (const [name, algorithm] of [
        ['MD5', 'md5'],
        ['SHA256', 'sha256'],
      ] as const) {
        expect(Buffer.from(digests.get(name) ?? []).toString('hex')).toBe(
          createHash(algorithm).update(content).digest('hex'),
        );
      }
    },
  );

  it('that is given up leaves no file, and no trace in others that are written at the same time', async () => {
    const blobs = diskBlobs(join(folder, 'two'));
    const [kept, dropped] = [await blobs.create(['MD5']), await blobs.create(['MD5'])];
    const content = Buffer.alloc(2_000_000, 'kept');
    await Promise.all([kept.write(content), dropped.write(Buffer.alloc(2_000_000, 'dropped'))]);
    await dropped.abort();
    const md5 = Buffer.from((await kept.digests()).get('MD5') ?? []);
    expect(md5.toString('hex')).toBe(createHash('md5').update(content).digest('hex'));
    const name = await kept.commit();
    expect((await readFile(join(folder, 'two', name))).equals(content)).toBe(true);
    blobs.keepOnly(new Set());
    await expect(readFile(join(folder, 'two', name))).rejects.toThrow('ENOENT');
  });
});
