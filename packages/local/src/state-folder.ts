import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { removeFolder } from './model-hosts/index.ts';
import { isAlive } from './processes/index.ts';

/**
 * Creates an empty folder below `root` for this process alone, and removes the folders of processes that no longer run,
 * e.g. after `kill -9`. Several runtimes can share a root.
 */
export async function openStateFolder(root: string): Promise<{ readonly path: string; remove(): void }> {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(root)) {
    const pid = /^(\d+)-\d+$/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) await removeFolder(join(root, name));
  }
  const path = join(root, `${process.pid}-${openedFolders++}`);
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { mode: 0o700 });
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Folders that this process has opened. */
let openedFolders = 0;
