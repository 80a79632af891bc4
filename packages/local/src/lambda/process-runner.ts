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
import { RuntimeApi } from './runtime-api.ts';

/**
 * Memory beyond MemorySize at which an environment is killed: about what a Node process takes here before it loads any
 * code, which Lambda's leaner runtime does not count.
 */
const MEMORY_MARGIN_BYTES = 64 * 2 ** 20;
/** Wait, after an answer, for the last lines, the next request or the end of the process. */
const GRACE_MS = 1_000;

/** Environments as child processes that speak the Runtime API. All run on this process's Node. */
export function createProcessRunnerFactory(host: ProcessHost): FunctionRunnerFactory {
  return {
    runtimes: ['nodejs22.x', 'nodejs24.x'],
    create: (spec) => new ProcessRunner(host, spec),
  };
}

interface Current {
  readonly requestId: string;
  readonly settle: (outcome: InvocationOutcome) => void;
  answer: InvocationOutcome | undefined;
  /** Streams whose lines of this invocation have all arrived. */
  readonly flushed: Set<string>;
  /** The runtime has requested the next event, so a failure did not end it. */
  wantsNext: boolean;
  timer: NodeJS.Timeout | undefined;
}

class ProcessRunner implements FunctionRunner {
  readonly #host: ProcessHost;
  readonly #spec: EnvironmentSpec;
  readonly #ready: Promise<FunctionFailure | undefined>;
  #setReady: (failure: FunctionFailure | undefined) => void = () => undefined;
  #api: RuntimeApi | undefined;
  #process: HostedProcess | undefined;
  #current: Current | undefined;
  #exit: ProcessExit | undefined;
  #initFailure: FunctionFailure | undefined;
  #initTimer: NodeJS.Timeout | undefined;
  #stopped = false;
  #started: Promise<void> | undefined;

  constructor(host: ProcessHost, spec: EnvironmentSpec) {
    this.#host = host;
    this.#spec = spec;
    this.#ready = new Promise((resolve) => {
      this.#setReady = resolve;
    });
  }

  init(): Promise<FunctionFailure | undefined> {
    this.#started = this.#start().catch((error: unknown) => {
      this.#setReady({ errorType: 'Runtime.LaunchError', errorMessage: String(error) });
    });
    return this.#ready;
  }

  invoke(payload: Uint8Array, invocation: Invocation): Promise<InvocationOutcome> {
    return new Promise((settle) => {
      this.#current = {
        requestId: invocation.requestId,
        settle,
        answer: undefined,
        flushed: new Set(),
        wantsNext: false,
        timer: undefined,
      };
      if (this.#exit) this.#settle({ failure: exitFailure(this.#exit, invocation.requestId), ended: true });
      else this.#api?.offer(payload, invocation);
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#started;
    await this.#process?.kill();
  }

  ended(): boolean {
    return this.#exit !== undefined;
  }

  async peakMemoryBytes(): Promise<number> {
    return (await this.#process?.peakRssBytes()) ?? 0;
  }

  async #start(): Promise<void> {
    const { env, codePath, functionArn, memorySize } = this.#spec;
    const api = await RuntimeApi.listen(functionArn, {
      onNext: () => this.#asksForNext(),
      onInitError: (failure) => this.#initFailed(failure),
      onResponse: (_requestId, payload) => this.#answered({ payload }),
      onError: (_requestId, failure) => this.#answered({ failure }),
    });
    this.#api = api;
    if (this.#stopped) {
      api.close();
      this.#setReady({ errorType: 'Runtime.ExitError', errorMessage: 'The environment was stopped.' });
      return;
    }
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
        AWS_LAMBDA_RUNTIME_API: api.address,
      },
      maxRssBytes: memorySize * 2 ** 20 + MEMORY_MARGIN_BYTES,
      onLine: (line, stream) => this.#line(line, stream),
    });
    void this.#process.exited.then((exit) => this.#ended(exit));
  }

  #ended(exit: ProcessExit): void {
    this.#exit = exit;
    this.#api?.close();
    clearTimeout(this.#initTimer);
    this.#setReady(this.#initFailure ?? exitFailure(exit));
    const current = this.#current;
    if (!current) return;
    const { answer } = current;
    // An answer given before the end counts, although the environment is gone.
    if (answer && 'payload' in answer) this.#settle(answer);
    else if (answer) this.#settle({ ...answer, ended: true });
    else this.#settle({ failure: exitFailure(exit, current.requestId), ended: true });
  }

  #line(line: string, stream: string): void {
    const current = this.#current;
    // The bootstrap marks the end of an invocation's output in each stream.
    if (current && line.endsWith(`\u0000${current.requestId}`)) {
      const before = line.slice(0, -current.requestId.length - 1);
      if (before !== '') this.#spec.onLine(before);
      current.flushed.add(stream);
      this.#settleWhenComplete(current);
      return;
    }
    // A record of several lines arrives as one, with carriage returns inside.
    this.#spec.onLine(line.replaceAll('\r', '\n'));
  }

  #asksForNext(): void {
    this.#setReady(undefined);
    const current = this.#current;
    if (!current) return;
    current.wantsNext = true;
    this.#settleWhenComplete(current);
  }

  /** The process ends after this; the lines that it prints until then belong to the failure. */
  #initFailed(failure: FunctionFailure): void {
    this.#initFailure = failure;
    this.#initTimer = setTimeout(() => this.#setReady(failure), GRACE_MS);
  }

  #answered(answer: InvocationOutcome): void {
    const current = this.#current;
    if (!current || current.answer) return;
    current.answer = answer;
    // A runtime that fails and requests no further event counts as lost.
    const late = 'payload' in answer ? answer : { ...answer, ended: true };
    current.timer = setTimeout(() => this.#settle(late), GRACE_MS);
    this.#settleWhenComplete(current);
  }

  #settleWhenComplete(current: Current): void {
    const { answer, flushed, wantsNext } = current;
    if (answer && flushed.size === 2 && ('payload' in answer || wantsNext)) this.#settle(answer);
  }

  #settle(outcome: InvocationOutcome): void {
    const current = this.#current;
    if (!current) return;
    this.#current = undefined;
    clearTimeout(current.timer);
    current.settle(outcome);
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
