import { execFileSync, type StdioOptions } from 'node:child_process';
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
interface Claim {
  readonly pid: number;
  readonly started: string;
}

/**
 * Claims the folder for this process. A claim of a process that no longer runs does not count. Returns the function
 * that ends the claim. Throws FolderInUse.
 */
export function lockFolder(folder: string): () => void {
  const path = join(folder, 'lock');
  const aside = `${path}.${process.pid}`;
  const own: Claim = { pid: process.pid, started: startOf(process.pid) };
  for (;;) {
    try {
      writeFileSync(path, JSON.stringify(own), { flag: 'wx', mode: 0o600 });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const other = readClaim(path);
    if (isHeld(other)) throw new FolderInUse(folder, other.pid);
    try {
      renameSync(path, aside);
    } catch {
      // Another process was faster.
      continue;
    }
    // Another process can have made its claim since the stale one was read.
    if (isHeld(readClaim(aside))) renameSync(aside, path);
    else rmSync(aside, { force: true, recursive: true });
  }
}

function readClaim(path: string): Claim | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    // Written half, by a process that was killed meanwhile.
    return undefined;
  }
}

const isHeld = (claim: Claim | undefined): claim is Claim =>
  claim !== undefined && claim.started !== '' && claim.started === startOf(claim.pid);

/** Empty if there is no such process. Without `ps`, a process with the pid counts as the same one. */
function startOf(pid: number): string {
  try {
    const stdio: StdioOptions = ['ignore', 'pipe', 'ignore'];
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio }).trim();
  } catch (error) {
    const hasPs = (error as NodeJS.ErrnoException).code !== 'ENOENT';
    return !hasPs && isAlive(pid) ? 'unknown' : '';
  }
}
