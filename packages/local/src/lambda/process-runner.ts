import { devNull } from 'node:os';
import type {
  EnvironmentSpec,
  FunctionFailure,
  FunctionRunner,
  FunctionRunnerFactory,
  Invocation,
  InvocationOutcome,
} from '#simulator/lambda/runner';
import { type HostedProcess, type ProcessExit, type ProcessHost, siblingScript } from '../processes/index.ts';

/**
 * Memory beyond MemorySize at which an environment is killed: about what a Node process takes here before it loads any
 * code, which Lambda's leaner runtime does not count.
 */
const MEMORY_MARGIN_BYTES = 64 * 2 ** 20;
/** Wait, after an answer, for the last lines. */
const GRACE_MS = 1_000;

/** An event, as the process gets it. */
export interface SentEvent extends Invocation {
  /** JSON. */
  readonly event: string;
}

/** What the process reports: of an invocation, or that it is ready, or never will be. */
export interface Report {
  /** Absent: the report is about the initialization. */
  readonly requestId?: string | undefined;
  /** JSON. */
  readonly answer?: string;
  readonly failure?: FunctionFailure;
  /** The process ends after the failure. */
  readonly ends?: boolean;
}

/** Environments as child processes. All run on this process's Node. */
export function createProcessRunnerFactory(host: ProcessHost): FunctionRunnerFactory {
  return {
    runtimes: ['nodejs22.x', 'nodejs24.x'],
    create: (spec) => new ProcessRunner(host, spec),
  };
}

interface Current {
  readonly requestId: string;
  readonly settle: (outcome: InvocationOutcome) => void;
  outcome?: InvocationOutcome;
  /** Streams whose lines of this invocation have all arrived. */
  readonly flushed: Set<string>;
  timer?: NodeJS.Timeout;
}

class ProcessRunner implements FunctionRunner {
  readonly #host: ProcessHost;
  readonly #spec: EnvironmentSpec;
  readonly #ready = Promise.withResolvers<FunctionFailure | undefined>();
  #process: HostedProcess | undefined;
  #current: Current | undefined;
  #exit: ProcessExit | undefined;
  #initFailure: FunctionFailure | undefined;

  constructor(host: ProcessHost, spec: EnvironmentSpec) {
    this.#host = host;
    this.#spec = spec;
  }

  async init(): Promise<FunctionFailure | undefined> {
    const { env, codePath, memorySize } = this.#spec;
    this.#process = this.#host.spawn({
      command: process.execPath,
      args: [
        `--max-old-space-size=${memorySize}`,
        // For the bootstrap file, which Node runs from TypeScript in development.
        '--disable-warning=ExperimentalWarning',
        siblingScript('bootstrap', import.meta.url),
      ],
      cwd: codePath,
      env: {
        // A function must not see this machine's AWS configuration.
        AWS_CONFIG_FILE: devNull,
        AWS_SHARED_CREDENTIALS_FILE: devNull,
        AWS_EC2_METADATA_DISABLED: 'true',
        ...env,
      },
      maxRssBytes: memorySize * 2 ** 20 + MEMORY_MARGIN_BYTES,
      onLine: (line, stream) => this.#line(line, stream),
      onMessage: (report) => this.#reported(report as Report),
    });
    void this.#process.exited.then((exit) => this.#exited(exit));
    return await this.#ready.promise;
  }

  invoke(payload: Uint8Array, invocation: Invocation): Promise<InvocationOutcome> {
    const { requestId } = invocation;
    return new Promise((settle) => {
      this.#current = { requestId, settle, flushed: new Set() };
      const event = Buffer.from(payload).toString();
      if (this.#exit) this.#settle({ failure: exitFailure(this.#exit, requestId), ended: true });
      else this.#process?.send({ ...invocation, event } satisfies SentEvent);
    });
  }

  async stop(): Promise<void> {
    await this.#process?.kill();
  }

  ended(): boolean {
    return this.#exit !== undefined;
  }

  async peakMemoryBytes(): Promise<number> {
    return (await this.#process?.peakRssBytes()) ?? 0;
  }

  #reported({ requestId, answer = '', failure, ends = false }: Report): void {
    const current = this.#current;
    if (requestId === undefined) {
      // The lines that a process prints until its end belong to the failure.
      if (failure) this.#initFailure = failure;
      else this.#ready.resolve(undefined);
    } else if (current?.requestId === requestId) {
      const outcome = failure ? { failure, ended: ends } : { payload: Buffer.from(answer) };
      current.outcome = outcome;
      current.timer = setTimeout(() => this.#settle(outcome), GRACE_MS);
      this.#settleWhenFlushed(current);
    }
  }

  #line(line: string, stream: string): void {
    const current = this.#current;
    // The bootstrap marks the end of an invocation's output in each stream.
    if (current && line.endsWith(`\u0000${current.requestId}`)) {
      const before = line.slice(0, -current.requestId.length - 1);
      if (before !== '') this.#spec.onLine(before);
      current.flushed.add(stream);
      this.#settleWhenFlushed(current);
      return;
    }
    // A record of several lines arrives as one, with carriage returns inside.
    this.#spec.onLine(line.replaceAll('\r', '\n'));
  }

  #settleWhenFlushed({ outcome, flushed }: Current): void {
    if (outcome && flushed.size === 2) this.#settle(outcome);
  }

  #exited(exit: ProcessExit): void {
    this.#exit = exit;
    this.#ready.resolve(this.#initFailure ?? exitFailure(exit));
    const { outcome, requestId } = this.#current ?? {};
    // An answer given before the end counts, although the environment is gone.
    this.#settle(outcome ?? { failure: exitFailure(exit, requestId), ended: true });
  }

  #settle(outcome: InvocationOutcome): void {
    const current = this.#current;
    this.#current = undefined;
    clearTimeout(current?.timer);
    current?.settle(outcome);
  }
}

function exitFailure(exit: ProcessExit, requestId?: string): FunctionFailure {
  const prefix = requestId === undefined ? '' : `RequestId: ${requestId} Error: `;
  if (exit.reason === 'spawn') {
    return { errorType: 'Runtime.LaunchError', errorMessage: `${prefix}${exit.error?.message ?? 'could not start'}` };
  }
  const signals: Record<string, string> = { SIGKILL: 'killed', SIGABRT: 'aborted', SIGSEGV: 'segmentation fault' };
  const how = exit.signal ? `signal: ${signals[exit.signal] ?? exit.signal}` : `exit status ${exit.code}`;
  const message = exit.code === 0 ? 'Runtime exited without providing a reason' : `Runtime exited with error: ${how}`;
  return {
    errorType: exit.reason === 'memory' ? 'Runtime.OutOfMemory' : 'Runtime.ExitError',
    errorMessage: `${prefix}${message}`,
  };
}
