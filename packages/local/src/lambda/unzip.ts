import { crc32, inflateRawSync } from 'node:zlib';
import { codeTooLarge, MAX_CODE_BYTES } from '#simulator/lambda/code';

/** One file of an archive. */
export interface ZipEntry {
  /** Relative, with `/`, without `.` and `..`. */
  readonly path: string;
  readonly content: Buffer;
}

const MAX_ENTRIES = 50_000;

const END_SIGNATURE = 0x06054b50;
const DIRECTORY_SIGNATURE = 0x02014b50;
const FILE_SIGNATURE = 0x04034b50;
const SYMLINK_TYPE = 0xa000;

/** Reads a whole zip archive. Throws if it is damaged, encrypted, too large, or has a path outside its folder. */
export function unzip(archive: Buffer): ZipEntry[] {
  const end = findEnd(archive);
  const count = archive.readUInt16LE(end + 10);
  if (count > MAX_ENTRIES) throw new Error(`more than ${MAX_ENTRIES} entries`);
  const entries: ZipEntry[] = [];
  let at = archive.readUInt32LE(end + 16);
  let total = 0;
  for (let index = 0; index < count; index += 1) {
    if (archive.readUInt32LE(at) !== DIRECTORY_SIGNATURE) throw new Error('damaged central directory');
    const nameLength = archive.readUInt16LE(at + 28);
    const name = archive.toString('utf8', at + 46, at + 46 + nameLength);
    const size = archive.readUInt32LE(at + 24);
    total += size;
    if (total > MAX_CODE_BYTES) throw codeTooLarge();
    if (((archive.readUInt32LE(at + 38) >>> 16) & 0xf000) === SYMLINK_TYPE) throw new Error(`symbolic link: ${name}`);
    if (archive.readUInt16LE(at + 8) & 1) throw new Error(`encrypted: ${name}`);
    if (!name.endsWith('/')) entries.push({ path: safePath(name), content: readContent(archive, at, size) });
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return entries;
}

function findEnd(archive: Buffer): number {
  const longestComment = 65_535;
  for (let at = archive.length - 22; at >= Math.max(0, archive.length - 22 - longestComment); at -= 1) {
    if (archive.readUInt32LE(at) === END_SIGNATURE) return at;
  }
  throw new Error('not a zip archive');
}

function readContent(archive: Buffer, directoryAt: number, size: number): Buffer {
  const method = archive.readUInt16LE(directoryAt + 10);
  const packedSize = archive.readUInt32LE(directoryAt + 20);
  const at = archive.readUInt32LE(directoryAt + 42);
  if (archive.readUInt32LE(at) !== FILE_SIGNATURE) throw new Error('damaged entry');
  const start = at + 30 + archive.readUInt16LE(at + 26) + archive.readUInt16LE(at + 28);
  if (start + packedSize > archive.length) throw new Error('damaged entry');
  const packed = archive.subarray(start, start + packedSize);
  if (method !== 0 && method !== 8) throw new Error(`compression method ${method}`);
  const content = method === 0 ? Buffer.from(packed) : inflateRawSync(packed, { maxOutputLength: Math.max(1, size) });
  if (content.length !== size || crc32(content) !== archive.readUInt32LE(directoryAt + 16)) {
    throw new Error('damaged entry: its checksum differs');
  }
  return content;
}

function safePath(name: string): string {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  const unsafe = name.startsWith('/') || /[\\\0]|^[a-zA-Z]:/.test(name) || parts.includes('..') || parts.length === 0;
  if (unsafe) throw new Error(`path leaves the archive's folder: ${JSON.stringify(name)}`);
  return parts.join('/');
}
