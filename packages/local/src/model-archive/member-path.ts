import { printableText } from '#archive/printable';
import { ArchiveRefused } from './limits.ts';

/** Maximum length of a name in common file systems. */
const MAX_NAME_BYTES = 255;
/** Maximum length of a key in S3. */
const MAX_KEY_BYTES = 1024;

/**
 * Normalizes the path of an object below a prefix, or of a model of a multi-model container, to a relative path that
 * cannot leave its folder; `''` for the root itself. Throws ArchiveRefused.
 */
export function memberPath(raw: string): string {
  const refused = (problem: string) => new ArchiveRefused(`Entry "${printableText(raw)}" ${problem}`);
  const names = raw.split('/').filter((name) => name !== '' && name !== '.');
  if (Buffer.byteLength(raw) > MAX_KEY_BYTES)
    throw refused(`has a path of more than ${MAX_KEY_BYTES} bytes. Shorten it.`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are refused
  if (/[\u0000-\u001f\u007f\\]/.test(raw))
    throw refused('has a control character or a backslash in its path. Rename it.');
  if (raw.startsWith('/') || /^[a-zA-Z]:/.test(raw)) throw refused('has an absolute path. Use a relative one.');
  if (names.includes('..')) throw refused('leaves its folder with "..". Rename it.');
  if (names.some((name) => Buffer.byteLength(name) > MAX_NAME_BYTES)) {
    throw refused(`has a name of more than ${MAX_NAME_BYTES} bytes. Shorten it.`);
  }
  return names.join('/');
}
