import { printableText } from '#archive/printable';
import { ArchiveRefused } from './archive-refused.ts';
import type { ArchiveLimits } from './limits.ts';

/** Maximum length of a name in common file systems. */
const MAX_NAME_BYTES = 255;
/** Maximum length of a key in S3. */
const MAX_KEY_BYTES = 1024;

/**
 * Normalizes the path of an object below a prefix, or of a model of a multi-model container, to a relative path that
 * cannot leave its folder; `''` for the root itself. Throws ArchiveRefused.
 */
export function memberPath(raw: string): string {
  const shown = printableText(raw);
  if (Buffer.byteLength(raw) > MAX_KEY_BYTES) {
    throw new ArchiveRefused(`Entry "${shown}" has a path of more than ${MAX_KEY_BYTES} bytes. Shorten it.`);
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are refused
  if (/[\u0000-\u001f\u007f\\]/.test(raw)) {
    throw new ArchiveRefused(`Entry "${shown}" has a control character or a backslash in its path. Rename it.`);
  }
  if (raw.startsWith('/') || /^[a-zA-Z]:/.test(raw)) {
    throw new ArchiveRefused(`Entry "${shown}" has an absolute path. Use a relative one.`);
  }
  const names = raw.split('/').filter((name) => name !== '' && name !== '.');
  if (names.includes('..')) throw new ArchiveRefused(`Entry "${shown}" leaves its folder with "..". Rename it.`);
  if (names.some((name) => Buffer.byteLength(name) > MAX_NAME_BYTES)) {
    throw new ArchiveRefused(`Entry "${shown}" has a name of more than ${MAX_NAME_BYTES} bytes. Shorten it.`);
  }
  return names.join('/');
}

/** Checks that every path is either a file or a folder, and occurs once. */
export class Members {
  readonly #kinds = new Map<string, 'file' | 'folder'>();
  readonly #limits: ArchiveLimits;

  constructor(limits: ArchiveLimits) {
    this.#limits = limits;
  }

  /** Throws ArchiveRefused for a file beyond the limit, or one that conflicts with another. */
  add(path: string): void {
    if (this.#kinds.size >= this.#limits.maxEntries) {
      throw new ArchiveRefused(`The model data has more than ${this.#limits.maxEntries} files. Store fewer files.`);
    }
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      const parent = path.slice(0, slash);
      if (this.#kinds.get(parent) === 'file') throw conflict(path, parent);
      this.#kinds.set(parent, 'folder');
    }
    if (path === '' || this.#kinds.has(path)) throw conflict(path, path);
    this.#kinds.set(path, 'file');
  }
}

function conflict(path: string, earlier: string): ArchiveRefused {
  const shown = printableText(path);
  return new ArchiveRefused(`Entry "${shown}" conflicts with the earlier entry "${printableText(earlier)}".`);
}
