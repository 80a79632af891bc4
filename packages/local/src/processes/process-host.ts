import { type ChildProcess, spawn } from 'node:child_process';
import { lineSplitter } from './line-splitter.ts';
import { watchMemory } from './memory-watch.ts';
import { reaperClient } from './reaper-client.ts';
import { signalGroup } from './signals.ts';

/** Describes a child process. */
export interface ProcessSpec {
  /** Executable: a path, or a name to find on the PATH. */
  readonly command: string;
  readonly args?: readonly string[];
  readonly cwd?: string;
  /** Added to PATH, HOME, TMPDIR and LANG, the only variables that a child inherits. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * The process group is killed when its resident memory exceeds this many bytes.
   * @default no limit
   */
  readonly maxRssBytes?: number;
  /**
   * Called for each line of output, without its end. Lines longer than the host's `maxLineLength` come in pieces.
   * @default output is dropped
   */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
  /** Called with each message of a Node child, which can have bytes. @default there is no channel to the child */
  readonly onMessage?: (message: unknown) => void;
}

/** How a child ended. */
export interface ProcessExit {
  /** Exit status; null if a signal ended it or it never started. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** `stopped`: by stop() or kill(). `memory`: above maxRssBytes. `spawn`: it did not start. `exit`: all other ends. */
  readonly reason: 'exit' | 'stopped' | 'memory' | 'spawn';
  /** The error of a `spawn`. */
  readonly error?: Error;
}

/** A child that leads its own process group. */
export interface HostedProcess {
  /** Absent if it did not start. */
  readonly pid: number | undefined;
  /** Resolves when the child has ended, its group is killed and its output is read to the end. Never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** Sends SIGTERM to the group, and SIGKILL `graceMs` later (default 5000). Resolves like `exited`. */
  stop(graceMs?: number): Promise<ProcessExit>;
  /** Sends SIGKILL to the group at once. Resolves like `exited`. */
  kill(): Promise<ProcessExit>;
  /** Highest resident memory so far, in bytes, including a sample taken now. 0 if unknown. */
  peakRssBytes(): Promise<number>;
  /** Sends a message to a child with `onMessage`. False: it has ended. */
  send(message: object): boolean;
}

/** Starts children that never outlive this process. */
export interface ProcessHost {
  spawn(spec: ProcessSpec): HostedProcess;
  /** Kills every child, then ends the reaper. After this, spawn() throws. */
  close(): Promise<void>;
}

export interface ProcessHostOptions {
  /** Interval of memory samples, in milliseconds. @default 250 */
  readonly memoryIntervalMs?: number;
  /** Maximum length of a line for onLine, in characters. @default 262144, as for a CloudWatch log event */
  readonly maxLineLength?: number;
}

/** The variables that a child inherits. */
const INHERITED_VARIABLES = ['PATH', 'HOME', 'TMPDIR', 'LANG'];

const DEFAULT_OPTIONS = { memoryIntervalMs: 250, maxLineLength: 262_144 };

const DEFAULT_STOP_GRACE_MS = 5_000;

/** Wait for the end of the output after the child's end. A descendant in another session can hold it open. */
const OUTPUT_GRACE_MS = 1_000;

/**
 * Creates a host of child processes (Linux and macOS). When this process ends in any way, SIGKILL included, a reaper
 * process kills every process group that still runs.
 */
export function createProcessHost(options?: ProcessHostOptions): ProcessHost {
  const reaper = reaperClient();
  const children = new Set<Child>();
  let closed = false;
  return {
    spawn(spec) {
      if (closed) throw new Error(`The process host is closed; it cannot start "${spec.command}".`);
      // Before the child: if this process were killed between the two starts, no reaper would know the child.
      reaper.start();
      const child = startChild(spec, { ...DEFAULT_OPTIONS, ...options });
      const { pid } = child;
      if (pid === undefined) return child;
      reaper.register(pid);
      children.add(child);
      void child.groupEnded.then(() => {
        children.delete(child);
        reaper.forget(pid);
      });
      return child;
    },
    async close() {
      closed = true;
      await Promise.all([...children].map((child) => child.kill()));
      await reaper.close();
    },
  };
}

/** A child, and what resolves when its group is killed, possibly before its output is read to the end. */
type Child = HostedProcess & { readonly groupEnded: Promise<void> };

function startChild(spec: ProcessSpec, { memoryIntervalMs, maxLineLength }: typeof DEFAULT_OPTIONS): Child {
  const inherited = INHERITED_VARIABLES.map((name) => [name, process.env[name]]);
  const child = spawn(spec.command, spec.args ?? [], {
    cwd: spec.cwd,
    env: { ...Object.fromEntries(inherited), ...spec.env },
    stdio: ['ignore', 'pipe', 'pipe', ...(spec.onMessage ? (['ipc'] as const) : [])],
    serialization: 'advanced',
    detached: true,
  });
  const { pid } = child;
  let endedBy: ProcessExit['reason'] = 'exit';
  let isAlive = true;
  const signal = (name: NodeJS.Signals) => pid !== undefined && signalGroup(pid, name);
  const end = (reason: ProcessExit['reason'], name: NodeJS.Signals) => {
    if (endedBy === 'exit') endedBy = reason;
    signal(name);
  };
  const memory =
    pid === undefined
      ? undefined
      : watchMemory(pid, memoryIntervalMs, spec.maxRssBytes, () => end('memory', 'SIGKILL'));
  if (spec.onMessage) child.on('message', spec.onMessage);
  readLines(child, spec.onLine, maxLineLength);
  const { promise: groupEnded, resolve } = Promise.withResolvers<void>();
  const ended = whenEnded(child, () => {
    isAlive = false;
    memory?.stop();
    // Its descendants must not outlive it.
    signal('SIGKILL');
    resolve();
  });
  const exited = ended.then((exit): ProcessExit => ({ ...exit, reason: exit.error ? 'spawn' : endedBy }));
  const kill = () => {
    if (isAlive) end('stopped', 'SIGKILL');
    return exited;
  };
  return {
    pid,
    exited,
    groupEnded,
    kill,
    async stop(graceMs = DEFAULT_STOP_GRACE_MS) {
      if (!isAlive) return await exited;
      end('stopped', 'SIGTERM');
      const timer = setTimeout(() => void kill(), graceMs);
      return await exited.finally(() => clearTimeout(timer));
    },
    peakRssBytes: async () => (await memory?.sample()) ?? 0,
    send(message) {
      if (child.connected) child.send(message, () => undefined);
      return child.connected;
    },
  };
}

function readLines(child: ChildProcess, onLine: ProcessSpec['onLine'], maxLineLength: number): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const splitter = lineSplitter((line) => onLine?.(line, name), maxLineLength);
    child[name]?.on('error', () => undefined);
    child[name]?.on('data', (chunk: Buffer) => splitter.push(chunk));
    child[name]?.on('close', () => splitter.end());
  }
}

function whenEnded(child: ChildProcess, onExit: () => void): Promise<Omit<ProcessExit, 'reason'>> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    child.once('exit', () => {
      onExit();
      timer = setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
        if (child.connected) child.disconnect();
      }, OUTPUT_GRACE_MS);
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal });
    });
    child.on('error', (error) => {
      if (child.pid !== undefined) return;
      onExit();
      resolve({ code: null, signal: null, error });
    });
  });
}
