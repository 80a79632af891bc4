import { type ChildProcess, spawn } from 'node:child_process';
import { LineSplitter } from './line-splitter.ts';
import { MemoryWatchdog } from './memory-watchdog.ts';
import { ReaperClient } from './reaper-client.ts';
import { signalGroup } from './signal-group.ts';

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

const DEFAULT_MEMORY_INTERVAL_MS = 250;

/** Maximum size of a CloudWatch log event. */
const DEFAULT_MAX_LINE_LENGTH = 262_144;

const DEFAULT_STOP_GRACE_MS = 5_000;

/**
 * Creates a host of child processes (Linux and macOS). When this process ends in any way, SIGKILL included, a reaper
 * process kills every process group that still runs.
 */
export function createProcessHost(options: ProcessHostOptions = {}): ProcessHost {
  const maxLineLength = options.maxLineLength ?? DEFAULT_MAX_LINE_LENGTH;
  const watchdog = new MemoryWatchdog(options.memoryIntervalMs ?? DEFAULT_MEMORY_INTERVAL_MS);
  const reaper = new ReaperClient();
  const children = new Set<Child>();
  let closed = false;

  return {
    spawn(spec) {
      if (closed) throw new Error(`The process host is closed; it cannot start "${spec.command}".`);
      // Before the child: if this process were killed between the two starts, no reaper would know the child.
      reaper.start();
      const child = new Child(spec, maxLineLength, watchdog);
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
  readonly #watchdog: MemoryWatchdog;
  readonly #process: ChildProcess;
  #endedBy: ProcessExit['reason'] = 'exit';
  #alive = true;

  constructor(spec: ProcessSpec, maxLineLength: number, watchdog: MemoryWatchdog) {
    this.#watchdog = watchdog;
    const child = spawn(spec.command, spec.args ?? [], {
      cwd: spec.cwd,
      env: { ...minimalEnvironment(), ...spec.env },
      stdio: ['ignore', 'pipe', 'pipe', ...(spec.onMessage ? (['ipc'] as const) : [])],
      detached: true,
    });
    this.#process = child;
    if (spec.onMessage) child.on('message', spec.onMessage);
    this.pid = child.pid;
    if (this.pid !== undefined) watchdog.watch(this.pid, spec.maxRssBytes, () => this.#end('memory', 'SIGKILL'));
    readLines(child, spec, maxLineLength);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.groupEnded = promise;
    const ended = whenEnded(child, () => {
      this.#killGroup();
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
    return this.pid === undefined ? 0 : await this.#watchdog.peakBytes(this.pid);
  }

  send(message: object): void {
    if (this.#process.connected) this.#process.send(message, () => undefined);
  }

  #end(reason: ProcessExit['reason'], signal: NodeJS.Signals): void {
    if (this.#endedBy === 'exit') this.#endedBy = reason;
    if (this.pid !== undefined) signalGroup(this.pid, signal);
  }

  /** Kills the descendants that the child has left, which must not outlive it. */
  #killGroup(): void {
    this.#alive = false;
    if (this.pid === undefined) return;
    this.#watchdog.forget(this.pid);
    signalGroup(this.pid, 'SIGKILL');
  }
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

/** Wait for the end of the output after the child's end. A descendant in another session can hold it open. */
const OUTPUT_GRACE_MS = 1_000;

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
      if (child.pid === undefined) {
        onExit();
        resolve({ code: null, signal: null, error });
      }
    });
  });
}
