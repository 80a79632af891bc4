import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { systemClock } from '@freshpoint/local/system';
import type { Clock } from '@freshpoint/simulator/core/clock';

/** A process and its parent, when the demo began. */
interface Link {
  readonly pid: number;
  readonly parent: number;
}

/** The processes of a machine. */
export interface ProcessTable {
  /** The parent's process id; undefined if the process has ended or is a zombie. */
  parentOf(pid: number): number | undefined;
  /** The command line; empty if it is unknown. */
  commandOf(pid: number): string;
}

/** This machine's processes, from /proc or else from `ps`. */
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
 * Calls `gone` when the npm process that runs this script has ended without a signal to its children (kill -9), which
 * would run on forever. Does nothing outside npm. Returns a function that ends the watch.
 */
export function watchNpm(
  gone: () => void,
  options: { readonly clock?: Clock; readonly processes?: ProcessTable; readonly underNpm?: boolean } = {},
): () => void {
  const { clock = systemClock, processes = systemProcesses } = options;
  const underNpm = options.underNpm ?? process.env.npm_lifecycle_event !== undefined;
  const chain = underNpm ? chainToNpm(processes, process.pid) : [];
  if (chain.length === 0) return () => undefined;
  let cancel = clock.schedule(CHECK_INTERVAL_MS, check);
  function check(): void {
    // The children of a dead process get another parent, even while it is a zombie.
    if (chain.some(({ pid, parent }) => processes.parentOf(pid) !== parent)) gone();
    else cancel = clock.schedule(CHECK_INTERVAL_MS, check);
  }
  return () => cancel();
}

/** Time between two checks, in milliseconds. */
const CHECK_INTERVAL_MS = 1000;

// npm calls itself `npm run demo`; others are `node …/npm-cli.js run demo`.
const LAUNCHER = /(^|[/\s])(p?npm|yarn)(-cli)?(\.c?js)?(\s|$)/;

/** From this process up to npm: npm starts a shell, which starts node. */
function chainToNpm(processes: ProcessTable, self: number): Link[] {
  const chain: Link[] = [];
  for (let pid = self; pid > 1; ) {
    const parent = processes.parentOf(pid);
    if (parent === undefined) return [];
    chain.push({ pid, parent });
    if (LAUNCHER.test(processes.commandOf(parent))) return chain;
    pid = parent;
  }
  // The launcher is unknown: watch the direct parent.
  return chain.slice(0, 1);
}

function statOf(pid: number): [state?: string, parent?: string] {
  try {
    if (process.platform !== 'linux') return ps(pid, 'state=,ppid=').split(/\s+/) as [string, string];
    // The command's name, in parentheses, may contain anything.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ', 2) as [string, string];
  } catch {
    return [];
  }
}

function ps(pid: number, columns: string): string {
  return execFileSync('ps', ['-o', columns, '-p', String(pid)], { encoding: 'utf8' }).trim();
}
