import { execFileSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pax, type RawEntry, tarGz, tarOf } from './tar-builder.ts';

/** An archive, and what every reader of it must find. */
export interface ArchiveCase {
  readonly name: string;
  readonly bytes: () => Buffer;
  /** What the message of a refusal says. Absent: it can be loaded. */
  readonly refused?: RegExp;
  /** What the only warning says. Absent: there is none. */
  readonly warning?: RegExp;
  /** The content of files in the folder that it is unpacked to. Absent: one file `model.bin`. */
  readonly files?: Readonly<Record<string, Buffer>>;
}

const MIB = 1024 ** 2;
const file = (path: string | Buffer, more: Partial<RawEntry> = {}): RawEntry => ({ path, body: 'x', ...more });
const MODEL = file('model.bin', { body: 'the model' });
const MODEL_BYTES = Buffer.from('the model');
const MODEL_TAR = tarOf({ path: './', type: '5' }, file('./model.bin', { body: 'the model' }));

/** What a tool makes of a folder with these contents. */
function packed(fill: (folder: string) => void, pack: (folder: string) => Buffer): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'model-archive-'));
  try {
    fill(folder);
    return pack(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const withModel = (folder: string) => writeFileSync(join(folder, 'model.bin'), MODEL_BYTES);
const gnuTar = (...options: string[]) => {
  return (folder: string) => execFileSync('tar', [...options, '-czf', '-', '-C', folder, '.'], { maxBuffer: 64 * MIB });
};

/** 30 parts with holes between, so many that the map of the old GNU format needs blocks of its own; a hole is last. */
const HOLEY = Buffer.alloc(31 * MIB);
for (let part = 0; part < 30; part++) HOLEY.fill(part + 1, part * MIB, part * MIB + 4096 + part);

function withHoles(folder: string): void {
  const path = join(folder, 'model.bin');
  const handle = openSync(path, 'w');
  for (let part = 0; part < 30; part++) writeSync(handle, HOLEY, part * MIB, 4096 + part, part * MIB);
  closeSync(handle);
  truncateSync(path, HOLEY.length);
}

const sparse = (name: string, ...options: string[]): ArchiveCase => ({
  name: `a sparse file, ${name}`,
  bytes: () => packed(withHoles, gnuTar('--sparse', ...options)),
  files: { 'model.bin': HOLEY },
});

/** As a program that knows no links packs a Hugging Face cache. */
function withCache(folder: string): void {
  mkdirSync(join(folder, 'blobs'));
  mkdirSync(join(folder, 'snapshots/main'), { recursive: true });
  writeFileSync(join(folder, 'blobs/2cf2'), MODEL_BYTES);
  symlinkSync('../../blobs/2cf2', join(folder, 'snapshots/main/model.bin'));
  symlinkSync('../../blobs/2cf2', join(folder, 'snapshots/main/other.bin'));
}

function withHardLink(folder: string): void {
  withModel(folder);
  linkSync(join(folder, 'model.bin'), join(folder, 'same.bin'));
}

const python = (code: string) => (folder: string) => {
  const program = `import sys, tarfile\ntarfile.ENCODING = 'utf-8'\n${code}`;
  execFileSync('python3', ['-c', program], { cwd: folder });
  return readFileSync(join(folder, 'model.tar.gz'));
};

/** Each file in 100,000 blocks would take long: empty ones do. */
const manyFiles = (count: number) => Array.from({ length: count }, (_, index) => file(`f/${index}`, { body: '' }));

const noise = randomFillSync(Buffer.alloc(3 * MIB));
const LARGE_TAR = tarOf(file('model.bin', { body: noise }));

/** A gzip in the middle of which something is wrong. */
function damaged(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0xff;
  return copy;
}

/** Archives as people and tools really make them. */
export const LOADABLE: readonly ArchiveCase[] = [
  { name: 'the documented command', bytes: () => packed(withModel, gnuTar()) },
  { name: 'the POSIX format', bytes: () => packed(withModel, gnuTar('--format=posix')) },
  { name: 'the oldest format', bytes: () => packed(withModel, gnuTar('--format=v7')) },
  sparse('in the old GNU format with more headers', '--format=gnu'),
  sparse('in the pax format 0.0', '--format=pax', '--sparse-version=0.0'),
  sparse('in the pax format 0.1', '--format=pax', '--sparse-version=0.1'),
  sparse('in the pax format 1.0', '--format=pax', '--sparse-version=1.0'),
  {
    name: 'symbolic links within the folder, as in a Hugging Face cache',
    bytes: () => packed(withCache, gnuTar()),
    warning: /has the symbolic link "\.\/snapshots\/main\/.*to "\.\.\/\.\.\/blobs\/2cf2".*--dereference\. 1 more is/,
    files: { 'snapshots/main/model.bin': MODEL_BYTES, 'snapshots/main/other.bin': MODEL_BYTES },
  },
  {
    name: 'a hard link',
    bytes: () => packed(withHardLink, gnuTar()),
    files: { 'model.bin': MODEL_BYTES, 'same.bin': MODEL_BYTES },
  },
  {
    name: 'a setgid folder',
    bytes: () =>
      packed((folder) => {
        withModel(folder);
        chmodSync(folder, 0o2775);
      }, gnuTar()),
  },
  { name: 'a setuid file', bytes: () => tarGz({ ...MODEL, mode: 0o4755 }) },
  { name: 'an entry twice, of which the later counts', bytes: () => tarGz(file('./model.bin'), MODEL) },
  { name: 'a file where a folder was', bytes: () => tarGz(file('model.bin/x'), MODEL) },
  {
    name: 'a folder where a file was',
    bytes: () => tarGz(file('a'), file('a/model.bin', { body: 'the model' })),
    files: { 'a/model.bin': MODEL_BYTES },
  },
  {
    name: '200 MB of zeros',
    bytes: () => tarGz(file('zeros', { body: Buffer.alloc(200_000_000) })),
    files: { zeros: Buffer.alloc(200_000_000) },
  },
  {
    name: '25,000 files',
    bytes: () => tarGz(...manyFiles(25_000), MODEL),
  },
  {
    name: 'a gzip of several members',
    bytes: () => Buffer.concat([0, 300, 1100].map((from, at) => gzipSync(MODEL_TAR.subarray(from, [300, 1100][at])))),
  },
  { name: 'zeros after the gzip', bytes: () => Buffer.concat([gzipSync(MODEL_TAR), Buffer.alloc(5000)]) },
  {
    name: 'bytes after the gzip',
    bytes: () => Buffer.concat([gzipSync(LARGE_TAR), Buffer.from('a signature')]),
    warning: /has bytes after its gzip/,
    files: { 'model.bin': noise },
  },
  { name: 'no mark of the end', bytes: () => gzipSync(MODEL_TAR.subarray(0, -1024)), warning: /no mark at the end/ },
  { name: 'a volume label', bytes: () => tarGz({ path: 'backup', type: 'V' }, MODEL) },
  {
    name: 'an entry of an unknown type',
    bytes: () => tarGz({ ...MODEL, type: 'Z' }),
    warning: /has the entry "model.bin" of the unknown type "Z"/,
  },
  {
    name: 'a pax header that cannot be read',
    bytes: () => tarGz({ path: 'P', type: 'x', body: 'nonsense' }, MODEL),
    warning: /pax header that could not be read/,
  },
  {
    name: 'a pax header of more than a megabyte',
    bytes: () => tarGz({ path: 'P', type: 'x', body: Buffer.alloc(MIB + 1, 'x') }, MODEL),
    warning: /has a header of 1048577 bytes/,
  },
  {
    name: 'a name that is not UTF-8',
    bytes: () => tarGz(file(Buffer.from('Z\xfcrich', 'latin1')), MODEL),
    warning: /whose name is not UTF-8/,
  },
  {
    name: 'a path with ".." within the folder',
    bytes: () => tarGz(file('a/../model.bin', { body: 'the model' })),
    warning: /with "\.\.", which some programs do not extract/,
  },
  {
    name: 'names that no other system would have',
    bytes: () => tarGz(file('C:/a\\b\tc')),
    files: { 'C:/a\\b\tc': Buffer.from('x') },
  },
  {
    name: 'a sparse file in a format that is not known',
    bytes: () => tarGz(pax({ 'GNU.sparse.major': '9', 'GNU.sparse.minor': '1' }), MODEL),
    warning: /in the unknown format 9\.1/,
  },
  {
    name: 'a sparse file whose map is too long',
    bytes: () =>
      tarGz(
        pax({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '9' }),
        file('holes', { body: `9999999\n${'0\n'.repeat(3 * MIB)}` }),
        MODEL,
      ),
    warning: /has the sparse file "holes" with too many holes/,
  },
  {
    name: 'a pax header for all entries',
    bytes: () => tarGz({ ...pax({ comment: 'a commit', path: 'same' }), type: 'g' }, MODEL),
    warning: /gives all entries the same "path"/,
  },
  {
    name: 'an access control list of Solaris',
    bytes: () => tarGz({ path: 'acl', type: 'A', body: 'user::rwx' }, MODEL),
    warning: /in the format of Solaris, which was not read/,
  },
  {
    name: 'the files of a Mac',
    bytes: () => tarGz(file('._model.bin'), file('.DS_Store'), pax({ mtime: '1.5', 'LIBARCHIVE.xattr.a': 'b' }), MODEL),
  },
  {
    name: 'a link, and a file below its path, which takes its place',
    bytes: () => tarGz({ path: 'l', type: '2', link: 'a' }, file('l/model.bin', { body: 'the model' })),
    warning: /has the symbolic link "l"/,
    files: { 'l/model.bin': MODEL_BYTES },
  },
  {
    name: 'a link that would lead outside through another',
    bytes: () =>
      tarGz(
        file('a/b/c'),
        { path: 'a/b/up', type: '2', link: '../..' },
        { path: 'out', type: '2', link: 'a/b/up/..' },
        MODEL,
      ),
    warning: /has the symbolic link "a\/b\/up"/,
    files: { 'model.bin': MODEL_BYTES, 'out/c': Buffer.from('x') },
  },
];

/** Archives that no fleet can load, or that must not be unpacked. */
export const UNLOADABLE: readonly ArchiveCase[] = [
  { name: 'nothing', bytes: () => Buffer.alloc(0), refused: /is empty/ },
  { name: 'a zip', bytes: () => Buffer.from(`PK\x03\x04${'x'.repeat(100)}`), refused: /starts like a zip file/ },
  { name: 'a tar', bytes: () => MODEL_TAR, refused: /starts like an uncompressed tar/ },
  { name: 'a large tar', bytes: () => LARGE_TAR, refused: /starts like an uncompressed tar/ },
  { name: 'zstd', bytes: () => compressed('zstd'), refused: /is not gzip: it starts like zstd/ },
  { name: 'xz', bytes: () => compressed('xz'), refused: /is not gzip: it starts like xz/ },
  { name: 'bzip2', bytes: () => compressed('bzip2'), refused: /is not gzip: it starts like bzip2/ },
  { name: 'an error page', bytes: () => Buffer.from('<?xml version="1.0"?><Error/>'), refused: /like XML or HTML/ },
  { name: 'JSON', bytes: () => Buffer.from('{"error": "no"}'), refused: /starts like JSON/ },
  {
    name: 'a Git LFS pointer',
    bytes: () => Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n'),
    refused: /like a Git LFS pointer/,
  },
  { name: 'text', bytes: () => Buffer.from('hello world'), refused: /starts like "hello world"/ },
  {
    name: '3 MiB of noise',
    bytes: () => damaged(noise, 0).fill('no', 0, 20),
    refused: /is not gzip: it starts like "no/,
  },
  { name: 'a gzip in a gzip', bytes: () => gzipSync(gzipSync(MODEL_TAR)), refused: /not a tar: it starts like gzip/ },
  { name: 'gzipped text', bytes: () => gzipSync(Buffer.alloc(2000, 'x')), refused: /is not a tar: it starts like "xx/ },
  { name: 'no entries', bytes: () => tarGz(), refused: /contains no files/ },
  {
    name: 'folders only',
    bytes: () => tarGz({ path: './', type: '5' }, { path: 'a/', type: '5' }),
    refused: /no files/,
  },
  { name: 'a path that leads outside', bytes: () => tarGz(MODEL, file('../evil')), refused: /which is outside/ },
  { name: 'a path that leads outside half-way', bytes: () => tarGz(MODEL, file('a/../../e')), refused: /is outside/ },
  {
    name: 'a path that leads outside by pax',
    bytes: () => tarGz(MODEL, pax({ path: '../evil' }), file('ok')),
    refused: /which is outside/,
  },
  {
    name: 'a sparse file whose name leads outside',
    bytes: () => tarGz(pax({ 'GNU.sparse.name': '../evil', 'GNU.sparse.map': '0,1', 'GNU.sparse.size': '1' }), MODEL),
    refused: /"\.\.\/evil"/,
  },
  { name: 'an absolute path', bytes: () => tarGz(MODEL, file('/tmp/evil')), refused: /which is outside/ },
  {
    name: 'a symbolic link to the outside',
    bytes: () => tarGz(MODEL, { path: 'a/l', type: '2', link: '../../etc' }, file('a/l/passwd')),
    refused: /a link to "..\/..\/etc"/,
  },
  {
    name: 'an absolute link that pax gives',
    bytes: () => tarGz(MODEL, pax({ linkpath: '/etc' }), { path: 'l', type: '2', link: 'x' }),
    refused: /a link to "\/etc"/,
  },
  {
    name: 'a hard link to the outside',
    bytes: () => tarGz(MODEL, { path: 'l', type: '1', link: '../x' }),
    refused: /a link to "..\/x"/,
  },
  { name: 'a link to nothing', bytes: () => tarGz(MODEL, { path: 'l', type: '2' }), refused: /a link to nothing/ },
  { name: 'a device', bytes: () => tarGz(MODEL, { path: 'd', type: '3' }), refused: /\(CharacterDevice\)/ },
  { name: 'a pipe', bytes: () => tarGz(MODEL, { path: 'f', type: '6' }), refused: /\(FIFO\)/ },
  { name: 'a file in place of the folder', bytes: () => tarGz(MODEL, file('.')), refused: /not the name of a file/ },
  {
    name: 'a name that is too long',
    bytes: () => tarGz(MODEL, pax({ path: 'n'.repeat(256) }), file('x')),
    refused: /a name of more than 255 bytes/,
  },
  {
    name: 'a path that is too long',
    bytes: () => tarGz(MODEL, pax({ path: `${'p/'.repeat(2100)}x` }), file('x')),
    refused: /a path of more than 4095 bytes/,
  },
  {
    name: 'a map that does not fit a sparse file',
    bytes: () => tarGz(pax({ 'GNU.sparse.map': '0,5,3,4', 'GNU.sparse.size': '9' }), MODEL),
    refused: /the map of the sparse file "model.bin" is wrong/,
  },
  {
    name: 'a map with a number that never ends',
    bytes: () =>
      tarGz(
        pax({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '9' }),
        file('holes', { body: Buffer.alloc(5 * MIB, '1') }),
      ),
    refused: /the map of the sparse file "holes" is wrong/,
  },
  {
    name: 'a map of zeros',
    bytes: () =>
      tarGz(
        pax({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '9' }),
        file('holes', { body: Buffer.alloc(5 * MIB) }),
      ),
    refused: /the map of the sparse file "holes" is wrong/,
  },
  {
    name: 'a map that never ends',
    bytes: () => tarGz(pax({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '9' }), MODEL),
    refused: /the map of the sparse file "model.bin" is wrong/,
  },
  { name: 'gzip cut off', bytes: () => gzipSync(LARGE_TAR).subarray(0, 2 * MIB), refused: /ends too early/ },
  { name: 'gzip without its last byte', bytes: () => tarGz(MODEL).subarray(0, -1), refused: /ends too early/ },
  { name: 'a tar cut off', bytes: () => gzipSync(LARGE_TAR.subarray(0, MIB)), refused: /valid tar: it ends too early/ },
  {
    name: 'gzip cut off between two of its members',
    bytes: () => gzipSync(LARGE_TAR.subarray(0, 1000)),
    refused: /valid tar: it ends too early/,
  },
  { name: 'a wrong size', bytes: () => damaged(tarGz(MODEL), tarGz(MODEL).length - 1), refused: /is damaged/ },
  { name: 'a wrong checksum', bytes: () => damaged(tarGz(MODEL), tarGz(MODEL).length - 6), refused: /is damaged/ },
  {
    name: 'damage',
    bytes: () => damaged(gzipSync(LARGE_TAR), 2 * MIB),
    refused: /is damaged|ends too early|not a valid/,
  },
  {
    name: 'a broken header',
    bytes: () => gzipSync(damaged(tarOf(MODEL, file('b')), 1030)),
    refused: /not a valid tar: a header is invalid/,
  },
  {
    name: 'a size that is no number',
    bytes: () => tarGz(MODEL, file('b', { size: Number.NaN })),
    refused: /a header has no valid size/,
  },
];

/** Needs Python. */
export const PYTHONS: readonly ArchiveCase[] = [
  {
    name: "Python's tarfile",
    bytes: () => packed(withModel, python("with tarfile.open('model.tar.gz', 'w:gz') as tar: tar.add('model.bin')")),
  },
  {
    name: "Python's tarfile in the GNU format, with a long name",
    bytes: () =>
      packed(
        withModel,
        python(
          `with tarfile.open('model.tar.gz', 'w:gz', format=tarfile.GNU_FORMAT) as tar: ` +
            "tar.add('model.bin', 'd' * 90 + '/' + 'é' * 60)",
        ),
      ),
    files: { [`${'d'.repeat(90)}/${'é'.repeat(60)}`]: MODEL_BYTES },
  },
];

function compressed(program: string): Buffer {
  return execFileSync(program, ['-c'], { input: MODEL_TAR });
}
