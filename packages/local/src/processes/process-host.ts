import { type ChildProcess, spawn } from 'node:child_process';
import { LineSplitter } from './line-splitter.ts';
import { MemoryWatchdog } from './memory-watchdog.ts';
import { ReaperClient } from './reaper-client.ts';
import { signalGroup } from './signal-group.ts';

/** What to run. */
export interface ProcessSpec {
  /** Executable: a path, or a name looked up in PATH. */
  readonly command: string;
  readonly args?: readonly string[];
  readonly cwd?: string;
  /** Added to PATH, HOME, TMPDIR and LANG, which are all that a child gets of our own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * The group is killed when its resident memory is found above this many bytes.
   * @default no limit
   */
  readonly maxRssBytes?: number;
  /** One line of output without its end; lines longer than the host's `maxLineLength` come in pieces. Output nobody asks for is dropped. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
}

/** How a child ended. */
export interface ProcessExit {
  /** Exit status; null when a signal ended it or it never started. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** `exit`: by itself or by somebody else's signal; `stopped`: by stop() or kill(); `memory`: above maxRssBytes; `spawn`: it could not be started. */
  readonly reason: 'exit' | 'stopped' | 'memory' | 'spawn';
  /** With `spawn`: why. */
  readonly error?: Error;
}

/** A child that leads a process group of its own. */
export interface HostedProcess {
  /** Absent when it could not be started. */
  readonly pid: number | undefined;
  /** Resolves, never rejects, after the child has ended, its group is killed and its output is read to the end. */
  readonly exited: Promise<ProcessExit>;
  /** SIGTERM to the group, SIGKILL `graceMs` later (default 5000) to what is left. Resolves like `exited`. */
  stop(graceMs?: number): Promise<ProcessExit>;
  /** SIGKILL to the group at once. Resolves like `exited`. */
  kill(): Promise<ProcessExit>;
  /** Highest resident memory seen so far, in bytes; takes a sample now. 0 when unknown. */
  peakRssBytes(): Promise<number>;
}

/** Starts children that never outlive us. */
export interface ProcessHost {
  spawn(spec: ProcessSpec): HostedProcess;
  /** How many children run. */
  readonly running: number;
  /** Kills every child, then ends the reaper. spawn() throws from now on. */
  close(): Promise<void>;
}

export interface ProcessHostOptions {
  /** How often memory is sampled, in milliseconds. @default 250 */
  readonly memoryIntervalMs?: number;
  /** Longest line handed to onLine, in characters. @default 262144 (that of a CloudWatch log event) */
  readonly maxLineLength?: number;
}

/** What a child may know of our environment. */
const INHERITED_VARIABLES = ['PATH', 'HOME', 'TMPDIR', 'LANG'];

/**
 * Makes a host of child processes (Linux and macOS). When our process ends in any way, SIGKILL included, a reaper
 * process kills every group that still runs.
 */
export function createProcessHost(options: ProcessHostOptions = {}): ProcessHost {
  const maxLineLength = options.maxLineLength ?? 262_144;
  const watchdog = new MemoryWatchdog(options.memoryIntervalMs ?? 250);
  const reaper = new ReaperClient();
  const children = new Set<HostedProcess>();
  let closed = false;

  const start = (spec: ProcessSpec): HostedProcess => {
    if (closed) throw new Error(`The process host is closed; it cannot start "${spec.command}".`);
    // The reaper first: were we killed between the two starts, nobody would know the child.
    reaper.start();
    const child = spawn(spec.command, spec.args ?? [], {
      cwd: spec.cwd,
      env: { ...minimalEnvironment(), ...spec.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const pid = child.pid;
    let endedBy: ProcessExit['reason'] = 'exit';
    const endAs = (reason: ProcessExit['reason'], signal: NodeJS.Signals) => {
      if (endedBy === 'exit') endedBy = reason;
      if (pid !== undefined) signalGroup(pid, signal);
    };
    if (pid !== undefined) {
      reaper.register(pid);
      watchdog.watch(pid, spec.maxRssBytes, () => endAs('memory', 'SIGKILL'));
    }
    readLines(child, spec, maxLineLength);
    let alive = true;
    const exited = whenEnded(child, () => {
      alive = false;
      children.delete(hosted);
      if (pid === undefined) return;
      watchdog.forget(pid);
      // What the leader leaves behind must not outlive it.
      signalGroup(pid, 'SIGKILL');
      reaper.forget(pid);
    }).then((exit): ProcessExit => ({ ...exit, reason: exit.error ? 'spawn' : endedBy }));
    const hosted: HostedProcess = {
      pid,
      exited,
      async stop(graceMs = 5_000) {
        if (!alive) return await exited;
        endAs('stopped', 'SIGTERM');
        const timer = setTimeout(() => alive && endAs('stopped', 'SIGKILL'), graceMs);
        try {
          return await exited;
        } finally {
          clearTimeout(timer);
        }
      },
      kill() {
        if (alive) endAs('stopped', 'SIGKILL');
        return exited;
      },
      peakRssBytes: () => (pid === undefined ? Promise.resolve(0) : watchdog.peakBytes(pid)),
    };
    if (pid !== undefined) children.add(hosted);
    return hosted;
  };

  return {
    spawn: start,
    get running() {
      return children.size;
    },
    async close() {
      closed = true;
      await Promise.all([...children].map((child) => child.kill()));
      await reaper.close();
    },
  };
}

function minimalEnvironment(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of INHERITED_VARIABLES) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}

function readLines(child: ChildProcess, spec: ProcessSpec, maxLineLength: number): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const stream = child[name];
    if (!stream) continue;
    const { onLine } = spec;
    stream.on('error', () => undefined);
    if (!onLine) {
      stream.resume();
      continue;
    }
    const splitter = new LineSplitter((line) => onLine(line, name), maxLineLength);
    stream.on('data', (chunk: Buffer) => splitter.push(chunk));
    stream.on('close', () => splitter.end());
  }
}

/** How long output may stay open after the child's end: a descendant in another session can hold it for ever. */
const OUTPUT_GRACE_MS = 1_000;

function whenEnded(child: ChildProcess, onExit: () => void): Promise<Omit<ProcessExit, 'reason'>> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    child.once('exit', () => {
      onExit();
      timer = setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, OUTPUT_GRACE_MS);
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal });
    });
    child.on('error', (error) => {
      if (child.pid === undefined) {
        onExit();
        resolve({ code: null, signal: null, error });
      }
    });
  });
}
