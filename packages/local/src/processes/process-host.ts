import { type ChildProcess, spawn } from 'node:child_process';
import { lineSplitter } from './line-splitter.ts';
import { type MemoryWatch, watchMemory } from './memory-watch.ts';
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
  /** Called with each message of a Node child. @default there is no channel to the child */
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
  /** Sends a message to a child with `onMessage`. It is lost if the child has ended. */
  send(message: object): void;
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
      const child = new Child(spec, { ...DEFAULT_OPTIONS, ...options });
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

class Child implements HostedProcess {
  readonly pid: number | undefined;
  readonly exited: Promise<ProcessExit>;
  /** Resolves when the child has ended and its group is killed, possibly before its output is read to the end. */
  readonly groupEnded: Promise<void>;
  readonly #memory: MemoryWatch | undefined;
  readonly #process: ChildProcess;
  #endedBy: ProcessExit['reason'] = 'exit';
  #alive = true;

  constructor(spec: ProcessSpec, { memoryIntervalMs: intervalMs, maxLineLength }: typeof DEFAULT_OPTIONS) {
    const inherited = INHERITED_VARIABLES.map((name) => [name, process.env[name]]);
    const child = spawn(spec.command, spec.args ?? [], {
      cwd: spec.cwd,
      env: { ...Object.fromEntries(inherited), ...spec.env },
      stdio: ['ignore', 'pipe', 'pipe', ...(spec.onMessage ? (['ipc'] as const) : [])],
      detached: true,
    });
    this.#process = child;
    if (spec.onMessage) child.on('message', spec.onMessage);
    const { pid } = child;
    this.pid = pid;
    if (pid !== undefined) {
      this.#memory = watchMemory(pid, intervalMs, spec.maxRssBytes, () => this.#end('memory', 'SIGKILL'));
    }
    readLines(child, spec.onLine, maxLineLength);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.groupEnded = promise;
    const ended = whenEnded(child, () => {
      this.#alive = false;
      this.#memory?.stop();
      // Its descendants must not outlive it.
      this.#signal('SIGKILL');
      resolve();
    });
    this.exited = ended.then((exit) => ({ ...exit, reason: exit.error ? 'spawn' : this.#endedBy }));
  }

  async stop(graceMs = DEFAULT_STOP_GRACE_MS): Promise<ProcessExit> {
    if (!this.#alive) return await this.exited;
    this.#end('stopped', 'SIGTERM');
    const timer = setTimeout(() => void this.kill(), graceMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }

  kill(): Promise<ProcessExit> {
    if (this.#alive) this.#end('stopped', 'SIGKILL');
    return this.exited;
  }

  async peakRssBytes(): Promise<number> {
    return (await this.#memory?.sample()) ?? 0;
  }

  send(message: object): void {
    if (this.#process.connected) this.#process.send(message, () => undefined);
  }

  #end(reason: ProcessExit['reason'], signal: NodeJS.Signals): void {
    if (this.#endedBy === 'exit') this.#endedBy = reason;
    this.#signal(signal);
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.pid !== undefined) signalGroup(this.pid, signal);
  }
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
