import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pax, pieces, type RawEntry, tarGz, tarOf } from '@freshpoint/test-support/tar-builder';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ArchiveRefused, type RefusalCode, unpackArchive } from '../../src/model-archive/index.ts';

let home: string;
let folder: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'archive-'));
  folder = join(home, 'model');
});
afterEach(() => rm(home, { recursive: true, force: true }));

const file = (path: string, more: Partial<RawEntry> = {}): RawEntry => ({ path, body: 'x', ...more });

describe('a well-made archive', () => {
  it('is unpacked with its folders, whether they have entries of their own or not', async () => {
    const archive = tarGz(
      { path: './', type: '5' },
      { path: './code/', type: '5' },
      file('./code/inference.js', { body: 'export {}' }),
      file('deep/er/weights.bin', { body: Buffer.alloc(100_000, 7) }),
    );
    await expect(unpackArchive(pieces(archive), folder)).resolves.toMatchObject({ entries: 4 });
    expect(await readFile(join(folder, 'code/inference.js'), 'utf8')).toBe('export {}');
    expect((await readFile(join(folder, 'deep/er/weights.bin'))).equals(Buffer.alloc(100_000, 7))).toBe(true);
  });

  it('keeps a path that only a pax header can carry', async () => {
    const path = `${'n'.repeat(150)}/é.txt`;
    await unpackArchive(pieces(tarGz(pax({ path }), file('short'))), folder);
    expect(await readFile(join(folder, path), 'utf8')).toBe('x');
  });

  it('gives its files no more than the execute bit', async () => {
    await unpackArchive(pieces(tarGz(file('run.sh', { mode: 0o1777 }), file('none', { mode: 0 }))), folder);
    expect((await stat(join(folder, 'run.sh'))).mode & 0o7777 & ~0o022).toBe(0o755);
    expect((await stat(join(folder, 'none'))).mode & 0o400).toBe(0o400);
  });
});

const hostile: [string, RefusalCode, RawEntry[], RegExp?][] = [
  ['an absolute path', 'absolute-path', [file('/tmp/evil')], /relative paths/],
  ['a Windows drive', 'absolute-path', [file('C:/evil')]],
  ['a path that climbs out', 'outside-path', [file('../evil')], /"\.\.\/evil"/],
  ['a path that climbs out half-way', 'outside-path', [file('a/b/../../../evil')]],
  ['a path that climbs out by pax', 'outside-path', [pax({ path: '../../evil' }), file('innocent')]],
  ['a backslash path', 'bad-path', [file('..\\evil')]],
  ['a control character', 'bad-path', [file('a\u001bb')]],
  ['a symbolic link', 'link', [{ path: 'l', type: '2', link: '/etc/passwd' }], /symbolic link to "\/etc\/passwd"/],
  [
    'a symbolic link to a folder, and a file through it',
    'link',
    [{ path: 'l', type: '2', link: '..' }, file('l/evil')],
  ],
  ['a link that pax redirects', 'link', [pax({ linkpath: '/etc' }), { path: 'l', type: '2', link: 'x' }]],
  ['a hard link', 'link', [file('a'), { path: 'l', type: '1', link: 'a' }], /hard link/],
  ['a hard link to the outside', 'link', [{ path: 'l', type: '1', link: '../../etc/passwd' }]],
  ['a character device', 'special-file', [{ path: 'd', type: '3' }]],
  ['a block device', 'special-file', [{ path: 'd', type: '4' }]],
  ['a FIFO', 'special-file', [{ path: 'f', type: '6' }]],
  ['a kind that tar does not know', 'special-file', [file('s', { type: 'S' })]],
  ['a setuid file', 'setuid', [file('s', { mode: 0o4755 })]],
  ['a setgid folder', 'setuid', [{ path: 's/', type: '5', mode: 0o2755 }]],
  ['a file where a folder was', 'conflict', [file('a/b'), file('a')]],
  ['a folder where a file was', 'conflict', [file('a'), { path: 'a/', type: '5' }]],
  ['a file below a file', 'conflict', [file('a'), file('a/b')]],
  ['the same file twice', 'conflict', [file('a'), file('./a')]],
  ['a file in place of the root', 'conflict', [file('.')]],
  ['a very long path', 'path-too-long', [pax({ path: `${'p/'.repeat(600)}x` }), file('x')]],
  ['a very long name', 'path-too-long', [pax({ path: 'n'.repeat(256) }), file('x')]],
  ['a very deep path', 'path-too-deep', [file(`${'d/'.repeat(40)}x`)]],
  ['too many entries', 'too-many-entries', Array.from({ length: 11 }, (_, i) => file(`f${i}`))],
  ['a size that the header only claims', 'too-large', [file('big', { size: 2 ** 32 })]],
  ['a huge metadata entry', 'special-file', [{ path: 'x', type: 'x', body: Buffer.alloc(2 ** 20 + 1, 65) }, file('a')]],
];

describe('a hostile archive is refused and leaves nothing behind:', () => {
  it.each(hostile)('%s', async (_name, code, entries, message) => {
    const archive = tarGz(file('first'), ...entries, file('last'));
    const limits = { maxEntries: 10, maxBytes: 2 ** 24 };
    const error = await unpackArchive(pieces(archive), folder, { limits }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ArchiveRefused);
    expect(error).toMatchObject({ code });
    if (message) expect(error.message).toMatch(message);
    expect(await readdir(home)).toEqual([]);
  });

  it('more bytes than allowed', async () => {
    const archive = tarGz(...Array.from({ length: 5 }, (_, i) => file(`f${i}`, { body: Buffer.alloc(3000) })));
    await expect(unpackArchive(pieces(archive), folder, { limits: { maxBytes: 10_000 } })).rejects.toMatchObject({
      code: 'too-large',
    });
    expect(await readdir(home)).toEqual([]);
  });

  it('a decompression bomb', async () => {
    const archive = tarGz(file('zeros', { body: Buffer.alloc(16 * 2 ** 20) }));
    const limits = { ratioFloorBytes: 2 ** 20 };
    await expect(unpackArchive(pieces(archive), folder, { limits })).rejects.toMatchObject({
      code: 'compression-ratio',
    });
    expect(await readdir(home)).toEqual([]);
  });
});

describe('a damaged archive is refused:', () => {
  const good = tarGz(file('a', { body: Buffer.from(Array.from({ length: 9000 }, (_, i) => (i * i) % 251)) }));
  const cases: [string, RefusalCode, Buffer][] = [
    ['text', 'not-gzip', Buffer.from('this is no archive, only text that somebody uploaded')],
    ['an empty object', 'truncated', Buffer.alloc(0)],
    ['a tar without gzip', 'not-gzip', tarOf(file('a'))],
    ['gzip of something else', 'not-tar', gzipSync(Buffer.alloc(5000, 'hello '))],
    ['gzip cut short', 'truncated', good.subarray(0, good.length / 2)],
    ['tar cut short', 'truncated', gzipSync(tarOf(file('a', { body: Buffer.alloc(5000) })).subarray(0, 3000))],
    ['a flipped bit in a header', 'not-tar', gzipSync(flip(tarOf(file('a'), file('b')), 1030))],
    ['an archive of nothing', 'not-tar', tarGz()],
  ];
  it.each(cases)('%s', async (_name, code, bytes) => {
    await expect(unpackArchive(pieces(bytes), folder)).rejects.toMatchObject({ name: 'ArchiveRefused', code });
    expect(await readdir(home)).toEqual([]);
  });
});

it("passes on the source's own error", async () => {
  const broken = async function* () {
    yield tarGz(file('a')).subarray(0, 20);
    throw new Error('connection lost');
  };
  await expect(unpackArchive(broken(), folder)).rejects.toThrow('connection lost');
  expect(await readdir(home)).toEqual([]);
});

it('ends at the signal', async () => {
  const abort = new AbortController();
  const endless = async function* () {
    yield tarGz(file('a')).subarray(0, 20);
    abort.abort(new Error('too slow'));
    await new Promise(() => undefined);
  };
  await expect(unpackArchive(endless(), folder, { signal: abort.signal })).rejects.toThrow('too slow');
  expect(await readdir(home)).toEqual([]);
});

function flip(bytes: Buffer, at: number): Buffer {
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}
