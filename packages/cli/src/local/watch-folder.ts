import { type FSWatcher, watch } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/** How long the files must be still before a change is reported, in milliseconds: editors write in steps. */
const QUIET_MS = 200;

/** Never watched: what is installed, and hidden files. */
const ALWAYS_UNWATCHED = ['**/node_modules', '**/.*'];

/** Options of `watchFolder`. */
export interface WatchOptions {
  /** Globs of files and folders whose changes do not count, relative to the folder, with `*` and `**`. */
  readonly unwatched: readonly string[];
  /** Called after each change, or several within a short time. */
  readonly onChange: () => void;
}

/** Watches the files of a folder and its subfolders. Returns the function that ends it. */
export async function watchFolder(folder: string, { unwatched, onChange }: WatchOptions): Promise<() => void> {
  const patterns = [...ALWAYS_UNWATCHED, ...unwatched].map(toPattern);
  const counts = (path: string) => {
    const below = relative(folder, path).split(sep).join('/');
    return below === '' || !patterns.some((pattern) => pattern.test(below));
  };
  const watchers = new Map<string, FSWatcher>();
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const changed = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      // A new folder has files of its own.
      void addFolders(folder).then(() => {
        if (!isOver) onChange();
      });
    }, QUIET_MS);
  };
  const addFolders = async (path: string): Promise<void> => {
    if (isOver || !counts(path)) return;
    // A folder can be gone again.
    const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
    if (isOver) return;
    if (!watchers.has(path)) {
      const watcher = watch(path, (_event, name) => {
        if (name === null || counts(join(path, name))) changed();
      });
      watcher.on('error', () => {
        watchers.delete(path);
        watcher.close();
      });
      watchers.set(path, watcher);
    }
    await Promise.all(entries.filter((entry) => entry.isDirectory()).map(({ name }) => addFolders(join(path, name))));
  };
  await addFolders(folder);
  return () => {
    isOver = true;
    clearTimeout(timer);
    for (const watcher of watchers.values()) watcher.close();
  };
}

/** A glob as a regular expression. It also matches everything below a folder that it matches. */
function toPattern(glob: string): RegExp {
  const source = glob
    .replace(/^\.\//, '')
    .replace(/\/$/, '')
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll(/\*\*\/|\*\*|\*|\?/g, (wildcard) => WILDCARDS[wildcard] ?? '');
  return new RegExp(`^${source}(/.*)?$`);
}

const WILDCARDS: Readonly<Record<string, string>> = { '**/': '(?:.*/)?', '**': '.*', '*': '[^/]*', '?': '[^/]' };
