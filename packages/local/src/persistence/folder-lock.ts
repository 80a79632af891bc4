import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from '../processes/index.ts';

/** Another process uses the folder. */
export class FolderInUse extends Error {
  readonly code = 'FOLDER_IN_USE';

  constructor(folder: string, pid: number) {
    super(`The folder ${folder} is used by another local runtime, process ${pid}.`);
  }
}

/** A process, told apart from a later one with the same pid by the time of its start. */
interface Owner {
  readonly pid: number;
  readonly started: string;
}

/**
 * Claims the folder for this process. A claim of a process that no longer runs does not count. Returns the function
 * that ends the claim. Throws FolderInUse.
 */
export function lockFolder(folder: string): () => void {
  const path = join(folder, 'lock');
  const own = ownerOf(process.pid);
  for (;;) {
    try {
      writeFileSync(path, JSON.stringify(own), { flag: 'wx', mode: 0o600 });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const other = readOwner(path);
    if (other && isRunning(other)) throw new FolderInUse(folder, other.pid);
    removeClaim(path, other);
  }
}

/** Removes the claim that was read, and not one that another process has made since. */
function removeClaim(path: string, stale: Owner | undefined): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    // Another process was faster.
    return;
  }
  const found = readOwner(aside);
  if (found && found.pid !== stale?.pid && isRunning(found)) renameSync(aside, path);
  else rmSync(aside, { force: true });
}

function readOwner(path: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Owner;
  } catch {
    // Written half, by a process that was killed meanwhile.
    return undefined;
  }
}

function isRunning({ pid, started }: Owner): boolean {
  return ownerOf(pid).started === started && started !== '';
}

/** `started` is empty if there is no such process. Without `ps`, a process with the pid counts as the same one. */
function ownerOf(pid: number): Owner {
  try {
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return { pid, started: started.trim() };
  } catch (error) {
    const hasPs = (error as NodeJS.ErrnoException).code !== 'ENOENT';
    return { pid, started: !hasPs && isAlive(pid) ? 'unknown' : '' };
  }
}
