import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { removeFolder } from '../model-hosts/index.ts';
import { lockFolder } from './folder-lock.ts';

/** What running processes have in the folder, besides the state. */
const RUNNING = ['instances'];
/** What belongs to the state. */
const CONTENT = ['s3', 'functions'];

/**
 * Claims the folder, which is created if it is missing, and removes what an earlier process has left there and no state
 * refers to. Throws FolderInUse.
 */
export async function openPersistentFolder(path: string): Promise<{ readonly path: string; remove(): void }> {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const unlock = lockFolder(path);
  const stale = existsSync(join(path, 'state')) ? RUNNING : [...RUNNING, ...CONTENT];
  for (const name of stale) await removeFolder(join(path, name));
  return { path, remove: unlock };
}
