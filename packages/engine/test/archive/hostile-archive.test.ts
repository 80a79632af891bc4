import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createGzip, gzipSync } from 'node:zlib';
import { pax, pieces, type RawEntry, tarGz, tarOf } from '@freshpoint/test-support/tar-builder';
import { describe, expect, test } from 'vitest';
import { type ArchiveCheck, checkArchive } from '../../src/archive/check-archive.ts';

const MIB = 1024 ** 2;
/** Bytes of buffers that a check may hold. */
const MAX_BUFFER_BYTES = 120 * MIB;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const random = generator(7);
const noise = Buffer.from(Array.from({ length: 20_000 }, () => random(256)));
const model: RawEntry[] = [
  { path: 'code/', type: '5' },
  { path: 'code/inference.py', body: 'print(1)' },
  { path: 'model.bin', body: noise },
];

const check = (bytes: Buffer, change: Partial<ArchiveCheck> & { piece?: number } = {}) =>
  checkArchive(pieces(bytes, change.piece), optionsFor(bytes.length, change));

const optionsFor = (size: number, change: Partial<ArchiveCheck> = {}): ArchiveCheck => ({
  uri: 's3://models/model.tar.gz',
  size,
  limit: size,
  isTimeUp: () => false,
  ...change,
});

/** Numbers below `n`, the same ones every time. */
function generator(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

describe('the verdict does not depend on the size of the pieces', () => {
  const small = model.slice(0, 2);
  const broken = tarOf(...small);
  broken[512 + 150]! ^= 1;
  test.each<[string, Buffer]>([
    ['a sound archive', tarGz(...small)],
    ['long names', tarGz(pax({ path: `${'é'.repeat(90)}/x` }), { path: 'x', body: 'x' }, { path: 'y', body: 'y' })],
    ['a way out by a long name', tarGz({ path: 'L', type: 'L', body: '../evil\0' }, { path: 'x', body: 'x' })],
    ['a way out by a long link', tarGz({ path: 'K', type: 'K', body: '/etc\0' }, { path: 'x', type: '2', link: 'y' })],
    ['a broken header', gzipSync(broken)],
    ['a tar without compression', tarOf(...small)],
    ['a zip', Buffer.from(`PK\x03\x04${'x'.repeat(300)}`)],
    ['an error page', Buffer.from('<?xml version="1.0"?><Error/>')],
    ['an archive cut off', tarGz(...small).subarray(0, -9)],
    [
      'two members',
      Buffer.concat([gzipSync(tarOf(...small).subarray(0, 700)), gzipSync(tarOf(...small).subarray(700))]),
    ],
  ])('%s', async (_, bytes) => {
    const { bytesRead: __, ...whole } = { bytesRead: 0, ...(await check(bytes, { piece: bytes.length })) };
    for (let piece = 1; piece <= Math.min(bytes.length, 600); piece++) {
      expect(await check(bytes, { piece }), `in pieces of ${piece}`).toMatchObject(whole);
    }
  });
});

describe('corruption', () => {
  test('anywhere in a sound archive ends in a verdict', async () => {
    const tar = tarOf(pax({ path: 'a/b', size: '8' }), ...model.slice(0, 2), {
      path: 'x',
      body: noise.subarray(0, 3000),
    });
    for (let round = 0; round < 1500; round++) {
      // Of the gzip, or of the tar in a sound gzip with headers whose checksums are right.
      let bytes = Buffer.from(round % 3 === 0 ? gzipSync(tar) : tar);
      for (let flips = random(6); flips >= 0; flips--) bytes[random(bytes.length)] = random(256);
      if (random(4) === 0) bytes = bytes.subarray(0, random(bytes.length) + 1);
      if (round % 3 === 2) mend(bytes);
      if (round % 3 !== 0) bytes = gzipSync(bytes);
      const verdict = await check(bytes, { piece: 1 + random(2000) });
      expect(['sound', 'refused']).toContain(verdict.kind);
    }
  });

  test.each(['1e30', 'Infinity', 'NaN', '-5', '1.5', '9007199254740993', ''])(
    'by a size of "%s" ends in a verdict',
    async (size) => {
      const verdict = await check(tarGz(pax({ size }), { path: 'x', body: 'x' }, { path: 'y', body: 'y' }));
      expect(['sound', 'refused']).toContain(verdict.kind);
    },
  );

  test('of the checksum is found at the end', async () => {
    const bytes = tarGz(...model);
    bytes[bytes.length - 6]! ^= 0xff;
    expect(await check(bytes)).toMatchObject({ kind: 'refused', message: expect.stringMatching(/is damaged/) });
    expect(await check(bytes, { limit: bytes.length - 8 })).toMatchObject({ kind: 'sound', whole: false });
  });

  function mend(tar: Buffer): void {
    for (let at = 0; at + 512 <= tar.length; at += 512) {
      if (tar.toString('latin1', at + 257, at + 262) !== 'ustar') continue;
      tar.fill(' ', at + 148, at + 156);
      const sum = tar.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
      tar.write(`${sum.toString(8).padStart(6, '0')}\0`, at + 148, 'latin1');
    }
  }
});

describe('memory is bounded', () => {
  test.each<[string, RawEntry[], number]>([
    ['by what follows the end of the tar', [{ path: 'x', body: 'x' }], 0],
    ['by a huge pax header', [{ path: 'P', type: 'x', size: 300 * MIB }], 1024],
    ['by a huge global header', [{ path: 'P', type: 'g', size: 300 * MIB }], 1024],
    ['by a huge long name', [{ path: 'L', type: 'L', size: 300 * MIB }], 1024],
    ['by a huge file', [{ path: 'f', size: 300 * MIB }], 1024],
  ])('%s', async (_, entries, cut) => {
    const start = tarOf(...entries);
    const bomb = await zipped(start.subarray(0, start.length - cut), 300);
    const before = process.memoryUsage().arrayBuffers;
    let peak = 0;
    const used = () => process.memoryUsage().arrayBuffers - before;
    const isTimeUp = () => {
      // Chunks that are read already count until they are collected.
      if (used() > MAX_BUFFER_BYTES) collectGarbage();
      peak = Math.max(peak, used());
      return false;
    };
    expect(await checkArchive(pieces(bomb, 4096), optionsFor(bomb.length, { isTimeUp }))).toHaveProperty('kind');
    expect(peak).toBeLessThan(MAX_BUFFER_BYTES);
  });

  test('and the time limit holds within a chunk that grows', async () => {
    const bomb = await zipped(tarOf({ path: 'f', size: 300 * MIB }).subarray(0, 512), 300);
    let asked = 0;
    const verdict = await check(bomb, { piece: bomb.length, isTimeUp: () => ++asked > 2 });
    expect(verdict).toMatchObject({ kind: 'sound', whole: false, bytesRead: 2 * 64 * 1024 });
  });

  async function zipped(start: Buffer, zeros: number): Promise<Buffer> {
    const blocks = function* () {
      yield start;
      for (let i = 0; i < zeros; i++) yield Buffer.alloc(MIB);
    };
    return Buffer.concat(await Readable.from(blocks()).pipe(createGzip()).toArray());
  }
});

describe('an archive that can be loaded is not refused', () => {
  test('that was read up to the end of one of its gzip members', async () => {
    const tar = tarOf(...model);
    const first = gzipSync(tar.subarray(0, 5000));
    const bytes = Buffer.concat([first, gzipSync(tar.subarray(5000))]);
    expect(await check(bytes, { limit: first.length })).toMatchObject({ kind: 'sound', whole: false, entries: 3 });
  });

  test('whose body ends early', async () => {
    const bytes = tarGz(...model);
    const verdict = await checkArchive(pieces(bytes.subarray(0, 5000)), optionsFor(bytes.length));
    expect(verdict).toMatchObject({ kind: 'sound', whole: false, bytesRead: 5000 });
  });

  test.each([1, 64, 100_000])('that is followed by %i bytes of something else', async (piece) => {
    const bytes = Buffer.concat([tarGz(...model), Buffer.from('garbage!'.repeat(50))]);
    expect(await check(bytes, { piece })).toMatchObject({
      kind: 'sound',
      whole: true,
      warnings: [expect.stringMatching(/has bytes after its gzip/)],
    });
  });

  test('that is padded with zeros, and is whole', async () => {
    const bytes = Buffer.concat([tarGz(...model), Buffer.alloc(300_000)]);
    expect(await check(bytes)).toMatchObject({ kind: 'sound', whole: true, entries: 3 });
  });

  test('with a sparse file as GNU tar packs it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sparse-'));
    try {
      const path = join(folder, 'model.bin');
      writeFileSync(path, '');
      truncateSync(path, 10 * MIB);
      const file = await open(path, 'r+');
      for (let at = 0; at < 8; at++) await file.write(noise.subarray(0, 4096), 0, 4096, at * MIB);
      await file.close();
      const bytes = execFileSync('tar', ['--format=gnu', '-czSf', '-', '-C', folder, '.']);
      expect(await check(bytes)).toMatchObject({ kind: 'sound', whole: true });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('that there is no time to read', async () => {
    const verdict = await check(tarGz(...model), { isTimeUp: () => true });
    expect(verdict).toEqual({ kind: 'sound', whole: false, entries: 0, bytesRead: 0, warnings: [] });
  });
});

test('an archive of headers alone contains no files', async () => {
  const bytes = tarGz({ ...pax({ comment: 'nothing' }), type: 'g' });
  expect(await check(bytes)).toMatchObject({ kind: 'refused', message: expect.stringMatching(/contains no files/) });
});

test('no more than the limit is read from a larger chunk', async () => {
  const bytes = tarGz(...model);
  expect(await check(bytes, { piece: bytes.length, limit: 1234 })).toMatchObject({ kind: 'sound', bytesRead: 1234 });
});

describe('the body', () => {
  /** Bytes, then a connection that says nothing more. Counts what it was asked for. */
  const stalled = (...chunks: Buffer[]) => {
    const seen = { asked: 0, isLeft: false };
    const body: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          const value = chunks[seen.asked++];
          return value ? Promise.resolve({ done: false, value }) : new Promise<never>(() => {});
        },
        return: async () => {
          seen.isLeft = true;
          return { done: true, value: undefined };
        },
      }),
    };
    return { body, seen };
  };
  const noTar = gzipSync(noise);

  test('of a refused archive is closed at once', async () => {
    const { body, seen } = stalled(noTar);
    expect(await checkArchive(body, optionsFor(1e9))).toMatchObject({ kind: 'refused' });
    expect(seen).toEqual({ asked: 1, isLeft: true });
  });

  test('is closed at the limit', async () => {
    const { body, seen } = stalled(tarGz(...model));
    expect(await checkArchive(body, optionsFor(1e9, { limit: 2000 }))).toMatchObject({
      kind: 'sound',
      bytesRead: 2000,
    });
    expect(seen).toEqual({ asked: 1, isLeft: true });
  });

  test('is closed when the time is up', async () => {
    const { body, seen } = stalled(tarGz(...model), noise);
    expect(await checkArchive(body, optionsFor(1e9, { isTimeUp: () => seen.asked > 1 }))).toMatchObject({
      kind: 'sound',
    });
    expect(seen).toEqual({ asked: 2, isLeft: true });
  });

  test('that fails passes on its error, also before the first byte', async () => {
    for (const given of [Buffer.alloc(0), tarGz(...model).subarray(0, 3000)]) {
      const error = new Error('connection lost');
      const body = (async function* () {
        yield given;
        throw error;
      })();
      await expect(checkArchive(body, optionsFor(5000))).rejects.toBe(error);
    }
  });
});
