import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { pax, pieces, type RawEntry, tarGz, tarOf } from '@freshpoint/test-support/tar-builder';
import { describe, expect, test } from 'vitest';
import { checkArchive } from '../../src/archive/check-archive.ts';

const uri = 's3://models/model.tar.gz';
const noise = randomBytes(200_000);
const model: RawEntry[] = [
  { path: 'code/', type: '5' },
  { path: 'code/inference.py', body: 'print(1)' },
  { path: 'model.bin', body: noise },
];

const check = (
  bytes: Buffer,
  change: { limit?: number; size?: number; isTimeUp?: () => boolean; piece?: number } = {},
) =>
  checkArchive(pieces(bytes, change.piece), {
    uri,
    size: change.size ?? bytes.length,
    limit: change.limit ?? bytes.length,
    isTimeUp: change.isTimeUp ?? (() => false),
  });

const reasonOf = async (bytes: Buffer, change = {}) => {
  const verdict = await check(bytes, change);
  return verdict.kind === 'refused' ? verdict.message : `sound: ${JSON.stringify(verdict)}`;
};

describe('a sound archive', () => {
  test('is read to its end', async () => {
    const bytes = tarGz(...model);
    expect(await check(bytes)).toEqual({
      kind: 'sound',
      whole: true,
      entries: 3,
      bytesRead: bytes.length,
      warnings: [],
    });
  });

  test.each([1, 2, 7, 511, 512, 513, 4096])('is sound in pieces of %i bytes', async (piece) => {
    expect(await check(tarGz(...model.slice(0, 2)), { piece })).toMatchObject({
      kind: 'sound',
      whole: true,
      entries: 2,
    });
  });

  test('of which only the beginning is read is sound so far', async () => {
    expect(await check(tarGz(...model), { limit: 2000 })).toMatchObject({ kind: 'sound', whole: false, entries: 3 });
  });

  test('for which time runs out is sound so far', async () => {
    let asked = 0;
    const verdict = await check(tarGz(...model), { isTimeUp: () => ++asked > 3 });
    expect(verdict).toMatchObject({ kind: 'sound', whole: false, bytesRead: 2100 });
  });

  test('may consist of several gzip members', async () => {
    const tar = tarOf(...model);
    const bytes = Buffer.concat([gzipSync(tar.subarray(0, 700)), gzipSync(tar.subarray(700))]);
    expect(await check(bytes)).toMatchObject({ kind: 'sound', whole: true, entries: 3 });
  });

  test('may have its folder as "/", as the SageMaker Python SDK packs it', async () => {
    const [code, file] = model;
    const bytes = tarGz({ path: '/', type: '5' }, code!, file!);
    expect(await check(bytes)).toMatchObject({ kind: 'sound', entries: 3 });
    for (const path of ['/code/', '/..']) {
      expect(await reasonOf(tarGz({ path, type: '5' }, code!, file!))).toMatch(/which is outside/);
    }
  });

  test('may link within its folder', async () => {
    const bytes = tarGz({ path: 'a/b', body: 'x' }, { path: 'a/c', type: '2', link: '../a/b' });
    expect(await check(bytes)).toMatchObject({ kind: 'sound' });
  });
});

describe('an archive is refused', () => {
  test.each<[string, Buffer, RegExp]>([
    ['that is empty', Buffer.alloc(0), /is empty, expected a gzipped tar.*tar -czf/],
    ['that is a zip', Buffer.from(`PK\x03\x04${'x'.repeat(100)}`), /is not gzip: it starts like a zip file/],
    ['that is a tar', tarOf(...model), /starts like an uncompressed tar/],
    ['that is an error page', Buffer.from('<?xml version="1.0"?><Error/>'), /starts like XML or HTML/],
    ['that is JSON', Buffer.from('{"error": "no"}'), /starts like JSON/],
    ['that is something else', Buffer.from('hello world'), /starts like "hello world"/],
    ['whose gzip content is not a tar', gzipSync(Buffer.alloc(2000, 'x')), /its content is not a tar/],
    ['whose gzip content is shorter than a header', gzipSync('hello'), /its content is not a tar/],
    ['that is compressed twice', gzipSync(tarGz(...model)), /its content is not a tar/],
    ['without a file', gzipSync(Buffer.alloc(1024)), /contains no files/],
    [
      'with a path that leaves the folder',
      tarGz(...model, { path: 'a/../../evil', body: 'x' }),
      /entry "a\/..\/..\/evil", which is outside/,
    ],
    ['with an absolute path', tarGz({ path: '/etc/passwd', body: 'x' }), /entry "\/etc\/passwd", which is outside/],
    [
      'with a pax path that leaves the folder',
      tarGz(pax({ path: '../evil' }), { path: 'ok', body: 'x' }),
      /which is outside/,
    ],
    ['with a link that leaves the folder', tarGz({ path: 'a/l', type: '2', link: '../../x' }), /a link to "..\/..\/x"/],
    ['with an absolute link', tarGz({ path: 'l', type: '2', link: '/etc/passwd' }), /a link to "\/etc\/passwd"/],
    ['with a hard link that leaves the folder', tarGz({ path: 'l', type: '1', link: '../x' }), /a link to "..\/x"/],
    ['with a device', tarGz({ path: 'd', type: '3' }), /neither a file nor a folder \(CharacterDevice\)/],
    ['that ends too early', tarGz(...model).subarray(0, 100_000), /ends too early/],
    ['whose tar ends too early', gzipSync(tarOf(...model).subarray(0, 100_000)), /its content is not a valid tar/],
  ])('%s', async (_, bytes, reason) => {
    expect(await reasonOf(bytes)).toMatch(reason);
    expect(await reasonOf(bytes)).toContain(bytes.length === 0 ? uri : `${uri} `);
  });

  test('whose checksum is wrong, when it is read to its end', async () => {
    const bytes = tarGz(...model);
    bytes[bytes.length - 6]! ^= 0xff;
    expect(await reasonOf(bytes)).toMatch(/is damaged/);
    expect(await check(bytes, { limit: bytes.length - 1000 })).toMatchObject({ kind: 'sound', whole: false });
  });

  test('whose second header is broken', async () => {
    const tar = tarOf(...model);
    tar[512 + 150]! ^= 1;
    expect(await reasonOf(gzipSync(tar))).toMatch(/its content is not a valid tar/);
  });
});

describe('arbitrary bytes', () => {
  test('always get a verdict', async () => {
    const tar = tarOf(...model.slice(0, 2));
    for (let round = 0; round < 300; round++) {
      const broken = Buffer.from(round % 2 ? tar : gzipSync(tar));
      for (let flips = 0; flips <= round % 5; flips++)
        broken[(round * 7919 + flips * 104_729) % broken.length]! ^= 1 << (round % 8);
      const bytes = round % 2 ? gzipSync(broken) : broken;
      expect((await check(bytes)).kind).toMatch(/sound|refused/);
    }
  });

  test('with a huge header do not fill the memory', async () => {
    const bomb = tarGz({ path: 'PaxHeader', type: 'x', body: 'x'.repeat(20 * 1024 * 1024) }, ...model);
    const before = process.memoryUsage().arrayBuffers;
    expect((await check(bomb)).kind).toMatch(/sound|refused/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(40 * 1024 * 1024);
  });

  test('an error of the body is thrown', async () => {
    const body = (async function* () {
      yield tarGz(...model).subarray(0, 1000);
      throw new Error('connection lost');
    })();
    await expect(checkArchive(body, { uri, size: 5000, limit: 5000, isTimeUp: () => false })).rejects.toThrow(
      'connection lost',
    );
  });

  test.each([
    ['refused', gzipSync(Buffer.alloc(100_000, 'x'))],
    ['read in part', tarGz(...model)],
  ])('a body that is %s is closed', async (_, bytes) => {
    let isClosed = false;
    const body = (async function* () {
      try {
        for (;;) yield* pieces(bytes, 100);
      } finally {
        isClosed = true;
      }
    })();
    await checkArchive(body, { uri, size: 1e9, limit: 1000, isTimeUp: () => false });
    expect(isClosed).toBe(true);
  });
});
