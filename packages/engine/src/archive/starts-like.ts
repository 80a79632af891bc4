import { printableText } from './printable.ts';
import { BLOCK_BYTES, isHeader } from './tar-header.ts';

/** Formats by the bytes that they begin with. */
const MAGIC: readonly (readonly [string, string])[] = [
  ['PK', 'a zip file'],
  ['\x1f\x8b', 'gzip'],
  ['\x28\xb5\x2f\xfd', 'zstd'],
  ['\xfd7zXZ\0', 'xz'],
  ['BZh', 'bzip2'],
  ['7z\xbc\xaf\x27\x1c', 'a 7z file'],
  ['version https://git-lfs', 'a Git LFS pointer, not the file itself'],
];

/** The format that an object begins like, for messages. */
export function startsLike(head: Buffer): string {
  const bytes = head.toString('latin1');
  const [, format] = MAGIC.find(([magic]) => bytes.startsWith(magic)) ?? [];
  if (format !== undefined) return format;
  if (isHeader(head.subarray(0, BLOCK_BYTES))) return 'an uncompressed tar';
  const text = bytes.trimStart();
  if (/^(<\?xml|<!doctype|<html)/i.test(text)) return 'XML or HTML, perhaps an error page';
  if (/^[{[]/.test(text)) return 'JSON';
  return `"${printableText(text.slice(0, 20))}"`;
}
