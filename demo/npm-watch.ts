import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type Clock, systemClock } from './clock.ts';

/** A process and its parent, when the demo began. */
interface Link {
  readonly pid: number;
  readonly parent: number;
}

/** Where the watch learns about processes. */
export interface ProcessTable {
  /** The parent's process id; undefined when the process is gone, or only a zombie. */
  parentOf(pid: number): number | undefined;
  /** The command line; empty when it cannot be told. */
  commandOf(pid: number): string;
}

/** This machine's processes: from /proc, or from `ps` where there is none. */
export const systemProcesses: ProcessTable = {
  parentOf(pid) {
    const [state, parent] = statOf(pid);
    return state === undefined || state.startsWith('Z') ? undefined : Number(parent);
  },
  commandOf(pid) {
    try {
      if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return ps(pid, 'command=');
    } catch {
      return '';
    }
  },
};

/**
 * Calls `gone` once the npm that runs this script has ended without a signal to its children (kill -9): they would stay
 * behind for ever. Does nothing outside npm. Returns a function that ends the watch.
 */
export function watchNpm(
  gone: () => void,
  options: { readonly clock?: Clock; readonly processes?: ProcessTable; readonly underNpm?: boolean } = {},
): () => void {
  const { clock = systemClock, processes = systemProcesses } = options;
  const underNpm = options.underNpm ?? process.env.npm_lifecycle_event !== undefined;
  const chain = underNpm ? chainToNpm(processes, process.pid) : [];
  if (chain.length === 0) return () => undefined;
  let cancel = clock.schedule(EVERY_MS, look);
  function look(): void {
    // A dead parent's children get another parent, also while it is still a zombie.
    if (chain.some(({ pid, parent }) => processes.parentOf(pid) !== parent)) gone();
    else cancel = clock.schedule(EVERY_MS, look);
  }
  return () => cancel();
}

const EVERY_MS = 1000;

// npm calls itself `npm run demo`; others are `node …/npm-cli.js run demo`.
const LAUNCHER = /(^|[/\s])(p?npm|yarn)(-cli)?(\.c?js)?(\s|$)/;

/** From this process up to npm itself: npm starts a shell, which starts node. */
function chainToNpm(processes: ProcessTable, self: number): Link[] {
  const chain: Link[] = [];
  for (let pid = self; pid > 1; ) {
    const parent = processes.parentOf(pid);
    if (parent === undefined) return [];
    chain.push({ pid, parent });
    if (LAUNCHER.test(processes.commandOf(parent))) return chain;
    pid = parent;
  }
  // An unknown launcher: at least the direct parent can be watched.
  return chain.slice(0, 1);
}

function statOf(pid: number): [state?: string, parent?: string] {
  try {
    if (process.platform !== 'linux') return ps(pid, 'state=,ppid=').split(/\s+/) as [string, string];
    // The command's name, in parentheses, may hold anything.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ', 2) as [string, string];
  } catch {
    return [];
  }
}

function ps(pid: number, columns: string): string {
  return execFileSync('ps', ['-o', columns, '-p', String(pid)], { encoding: 'utf8' }).trim();
}
