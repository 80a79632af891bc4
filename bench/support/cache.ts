import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Folder of the whole workspace. */
export const REPOSITORY = dirname(dirname(import.meta.dirname));

/**
 * An empty folder for what the bench compiles. Below node_modules, so that its imports resolve as a package's would.
 */
export function cacheFolder(name: string): string {
  const folder = join(REPOSITORY, 'node_modules/.cache/freshpoint-bench', name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}
