import { lstat, mkdtemp, readdir, readFile, readlink, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pax, pieces, type RawEntry, tarGz } from '@freshpoint/test-support/tar-builder';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ArchiveRefused, unpackArchive } from '../../src/model-archive/index.ts';

// What is refused, and what is loaded how, is a table for all readers of archives: packages/cli/test/archives.test.ts.

let home: string;
let folder: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'archive-'));
  folder = join(home, 'model');
});
afterEach(() => rm(home, { recursive: true, force: true }));

const file = (path: string, more: Partial<RawEntry> = {}): RawEntry => ({ path, body: 'x', ...more });
const text = (path: string) => readFile(join(folder, path), 'utf8');

describe('a well-made archive', () => {
  it('is unpacked with its folders, whether they have entries of their own or not', async () => {
    const archive = tarGz(
      { path: '/', type: '5' },
      { path: './', type: '5' },
      { path: './code/', type: '5' },
      file('./code/inference.js', { body: 'export {}' }),
      file('deep/er/weights.bin', { body: Buffer.alloc(100_000, 7) }),
    );
    const unpacked = await unpackArchive(pieces(archive), folder);
    expect(unpacked).toEqual({ entries: 5, bytes: 100_009, warnings: [] });
    expect(await text('code/inference.js')).toBe('export {}');
    expect((await readFile(join(folder, 'deep/er/weights.bin'))).equals(Buffer.alloc(100_000, 7))).toBe(true);
  });

  it('keeps a path that only a pax header can carry', async () => {
    const path = `${'n'.repeat(150)}/é.txt`;
    await unpackArchive(pieces(tarGz(pax({ path }), file('short'))), folder);
    expect(await text(path)).toBe('x');
  });

  it('gives its files no more than the execute bit', async () => {
    await unpackArchive(pieces(tarGz(file('run.sh', { mode: 0o7777 }), file('none', { mode: 0 }))), folder);
    expect((await stat(join(folder, 'run.sh'))).mode & 0o7777 & ~0o022).toBe(0o755);
    expect((await stat(join(folder, 'none'))).mode & 0o400).toBe(0o400);
  });
});

describe('links', () => {
  it('are made as they are in the archive', async () => {
    const archive = tarGz({ path: 'a/soft', type: '2', link: '../b/data' }, file('b/data'), {
      path: 'hard',
      type: '1',
      link: './b/data',
    });
    await unpackArchive(pieces(archive), folder);
    expect(await readlink(join(folder, 'a/soft'))).toBe('../b/data');
    expect([await text('a/soft'), await text('hard')]).toEqual(['x', 'x']);
  });

  it('that lead nowhere are made, too', async () => {
    await unpackArchive(pieces(tarGz(file('a'), { path: 'l', type: '2', link: 'gone' })), folder);
    expect((await lstat(join(folder, 'l'))).isSymbolicLink()).toBe(true);
  });

  it('never lead what is written after them out of the folder', async () => {
    const archive = tarGz(
      file('a/b/c'),
      { path: 'a/b/up', type: '2', link: '../..' },
      { path: 'out', type: '2', link: 'a/b/up/..' },
      file('out/evil'),
      { path: 'a/b/up/link', type: '2', link: 'x' },
    );
    await unpackArchive(pieces(archive), folder);
    expect(await readdir(home)).toEqual(['model']);
    expect(await text('out/evil')).toBe('x');
  });

  it('are replaced by a later entry at their path, and replace an earlier one', async () => {
    const archive = tarGz({ path: 'l', type: '2', link: 'a' }, file('l', { body: 'later' }), file('f/x'), {
      path: 'f',
      type: '2',
      link: 'l',
    });
    await unpackArchive(pieces(archive), folder);
    expect([await text('l'), await text('f')]).toEqual(['later', 'later']);
  });

  it('to themselves change nothing', async () => {
    await unpackArchive(pieces(tarGz(file('a'), { path: './a', type: '1', link: 'a' })), folder);
    expect(await text('a')).toBe('x');
  });

  it.each(['gone', 'folder'])('to %s, which is no file of the archive, refuse it if they are hard', async (link) => {
    const archive = tarGz(file('a'), { path: 'folder/', type: '5' }, { path: 'l', type: '1', link });
    await expect(unpackArchive(pieces(archive), folder)).rejects.toThrow(`"l", a link to "${link}", which is no file`);
    expect(await readdir(home)).toEqual([]);
  });
});

describe('an archive above a limit of the local runtime is refused and leaves nothing behind:', () => {
  const limits = { maxEntries: 10, maxBytes: 2 ** 20 };
  it.each<[string, RawEntry[]]>([
    ['too many entries', Array.from({ length: 11 }, (_, index) => file(`f${index}`))],
    ['too many bytes', Array.from({ length: 5 }, (_, index) => file(`f${index}`, { body: Buffer.alloc(300_000) }))],
    ['a size that the header only claims', [file('big', { size: 2 ** 32 })]],
    ['holes', [pax({ 'GNU.sparse.map': '0,1', 'GNU.sparse.size': '9000000000000' }), file('big')]],
  ])('%s', async (_, entries) => {
    const error = await unpackArchive(pieces(tarGz(...entries)), folder, { limits }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ArchiveRefused);
    expect(error.message).toBe('The archive contains more than the local runtime unpacks: 1048576 bytes, 10 entries.');
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

it('passes on an error of the disk', async () => {
  const archive = tarGz(pax({ path: `${'d/'.repeat(2040)}x` }), file('x'));
  await expect(unpackArchive(pieces(archive), folder)).rejects.toMatchObject({ code: 'ENAMETOOLONG' });
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
