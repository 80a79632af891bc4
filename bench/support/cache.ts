import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * An empty folder for what the bench compiles. Below node_modules, so that its imports resolve as a package's would.
 */
export function cacheFolder(name: string): string {
  const folder = join(root, 'node_modules/.cache/freshpoint-bench', name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}
