import { ArchiveRefused } from './archive-refused.ts';
import type { ArchiveLimits } from './limits.ts';

/** Maximum length of a name in common file systems. */
const MAX_NAME_BYTES = 255;

/**
 * Normalizes the path of an archive's entry, or of an object below a prefix, to a relative path that cannot leave its
 * folder; `''` for the root itself. Throws ArchiveRefused.
 */
export function memberPath(raw: string, limits: ArchiveLimits): string {
  const shown = printable(raw);
  const refuse = (code: ConstructorParameters<typeof ArchiveRefused>[0], message: string) =>
    new ArchiveRefused(code, message, shown);
  if (Buffer.byteLength(raw) > limits.maxPathBytes) {
    throw refuse('path-too-long', `Entry "${shown}" has a path of more than ${limits.maxPathBytes} bytes. Shorten it.`);
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are refused
  if (/[\u0000-\u001f\u007f\\]/.test(raw)) {
    throw refuse('bad-path', `Entry "${shown}" has a control character or a backslash in its path. Rename it.`);
  }
  if (raw.startsWith('/') || /^[a-zA-Z]:/.test(raw)) {
    throw refuse(
      'absolute-path',
      `Entry "${shown}" has an absolute path. ` +
        'Create the archive with relative paths: tar -czf model.tar.gz -C <folder> .',
    );
  }
  const names = raw.split('/').filter((name) => name !== '' && name !== '.');
  if (names.includes('..')) {
    throw refuse(
      'outside-path',
      `Entry "${shown}" leaves its folder with "..". ` +
        "Create the archive inside the model's folder: tar -czf model.tar.gz -C <folder> .",
    );
  }
  if (names.length > limits.maxDepth) {
    throw refuse('path-too-deep', `Entry "${shown}" is nested in more than ${limits.maxDepth} folders. Flatten it.`);
  }
  if (names.some((name) => Buffer.byteLength(name) > MAX_NAME_BYTES)) {
    throw refuse('path-too-long', `Entry "${shown}" has a name of more than ${MAX_NAME_BYTES} bytes. Shorten it.`);
  }
  return names.join('/');
}

/** Makes a path fit for a message: without control characters, not too long. */
export function printable(raw: string): string {
  const text = JSON.stringify(raw).slice(1, -1);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** Checks that every path is either a file or a folder, and occurs once. */
export class Members {
  readonly #kinds = new Map<string, 'file' | 'directory'>();
  readonly #limits: ArchiveLimits;
  #entries = 0;

  constructor(limits: ArchiveLimits) {
    this.#limits = limits;
  }

  /** Throws ArchiveRefused for an entry beyond the limit, or one that conflicts with another. */
  add(path: string, kind: 'file' | 'directory'): void {
    if (++this.#entries > this.#limits.maxEntries) {
      throw new ArchiveRefused(
        'too-many-entries',
        `The model data has more than ${this.#limits.maxEntries} files and folders. Pack fewer files.`,
      );
    }
    const conflict = (earlier: string) =>
      new ArchiveRefused(
        'conflict',
        `Entry "${printable(path)}" conflicts with the earlier entry "${printable(earlier)}". ` +
          'Each path can occur once.',
        printable(path),
      );
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      const parent = path.slice(0, slash);
      if (this.#kinds.get(parent) === 'file') throw conflict(parent);
      this.#kinds.set(parent, 'directory');
    }
    const before = this.#kinds.get(path);
    if (before !== undefined && (before === 'file' || kind === 'file')) throw conflict(path);
    if (path === '' && kind === 'file') throw conflict('.');
    this.#kinds.set(path, kind);
  }
}
