/** Vitest's global setup: a run that leaves temporary files or processes behind fails. */
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Time that processes have to end after the last test, in milliseconds. */
const GRACE_MS = 5_000;
const CHECK_INTERVAL_MS = 50;

/** Node's own cache of compiled code. */
const NOT_OURS = new Set(['node-compile-cache']);

/** Gives the run a temporary folder of its own; the returned teardown fails unless the run has cleaned up. */
export default function setUp(): () => Promise<void> {
  const { TMPDIR: before } = process.env;
  const folder = mkdtempSync(join(tmpdir(), 'freshpoint-tests-'));
  process.env.TMPDIR = folder;
  return async () => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    const processes = await survivors(folder);
    const files = readdirSync(folder).filter((name) => !NOT_OURS.has(name));
    rmSync(folder, { recursive: true, force: true });
    const problems = [
      ...files.map((name) => `temporary file ${name}`),
      ...processes.map(({ pid, command }) => `process ${pid}: ${command}`),
    ];
    if (problems.length > 0) throw new Error(`The tests left behind:\n${problems.join('\n')}`);
  };
}

interface RunningProcess {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** Processes of the run, without Vitest's workers, that still run after the grace period. */
async function survivors(folder: string): Promise<RunningProcess[]> {
  const end = performance.now() + GRACE_MS;
  for (;;) {
    const found = processesOf(folder).filter(({ parent }) => parent !== process.pid);
    if (found.length === 0 || performance.now() > end) return found;
    await pause(CHECK_INTERVAL_MS);
  }
}

/** All other processes that have this temporary folder. Linux only: elsewhere none is found. */
function processesOf(folder: string): RunningProcess[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    try {
      // A zombie has no executable.
      readlinkSync(`/proc/${pid}/exe`);
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      if (!environment.some((each) => each === `TMPDIR=${folder}` || each.startsWith(`TMPDIR=${folder}/`))) return [];
      const parent = /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return [{ pid, parent: Number(parent), command }];
    } catch {
      // It has ended, or belongs to another user.
      return [];
    }
  });
}
