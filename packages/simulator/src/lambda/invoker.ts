import type { Deps } from '../core/cloud.ts';
import type { Environment } from './environment-pool.ts';
import { cannotRun, tooManyRequests } from './errors.ts';
import type { LambdaFunction } from './function-state.ts';
import { InvocationLog } from './invocation-log.ts';
import { LogDelivery } from './log-delivery.ts';
import { roleCaller } from './names.ts';
import type { FunctionFailure, InvocationOutcome } from './runner.ts';

/** One line that a function printed or Lambda wrote (START, END, REPORT). */
export interface FunctionLogLine {
  readonly functionName: string;
  readonly line: string;
  /** Absent outside of an invocation. */
  readonly requestId?: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Result of an invocation. */
export interface InvocationResult {
  /** The function's answer, or its failure as JSON. */
  readonly payload: Uint8Array;
  readonly failure?: FunctionFailure;
  readonly requestId: string;
  /** The last 4 KB of its log. */
  readonly logTail: string;
}

export interface InvokerOptions {
  /** Concurrent environments of one function. */
  readonly maxConcurrency: number;
  readonly runtimes: readonly string[];
  readonly onLog: (line: FunctionLogLine) => void;
}

/** Time for the initialization that does not count against the function's timeout. */
const INIT_LIMIT_MS = 10_000;

/** Runs functions: takes an environment, enforces the timeout, writes the log. */
export class Invoker {
  readonly #deps: Deps;
  readonly #options: InvokerOptions;
  readonly #logs: LogDelivery;

  constructor(deps: Deps, options: InvokerOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#logs = new LogDelivery(deps.cloud);
  }

  /** Throws InvalidRuntimeException if the local runtime cannot run the function. */
  assertRunnable(fn: LambdaFunction): void {
    const { Runtime, PackageType, Layers } = fn.settings;
    if (PackageType === 'Image') {
      throw cannotRun(`Function ${fn.name} is a container image. The local runtime cannot run container images.`);
    }
    if (Layers.length > 0) {
      throw cannotRun(`Function ${fn.name} has layers. The local runtime cannot run layers: ${Layers.join(', ')}.`);
    }
    if (!this.#options.runtimes.includes(Runtime ?? '')) {
      throw cannotRun(
        `The local runtime cannot run the runtime "${Runtime}" of function ${fn.name}. ` +
          `Available runtimes: ${this.#options.runtimes.join(', ')}.`,
      );
    }
  }

  /** Returns a failure of the function as a result. Throws TooManyRequestsException or InvalidRuntimeException. */
  async invoke(fn: LambdaFunction, payload: Uint8Array, clientContext?: string): Promise<InvocationResult> {
    this.assertRunnable(fn);
    if (fn.pool.busy >= (fn.reservedConcurrency ?? this.#options.maxConcurrency)) {
      throw tooManyRequests(
        fn.reservedConcurrency === undefined
          ? 'ConcurrentInvocationLimitExceeded'
          : 'ReservedFunctionConcurrentInvocationLimitExceeded',
      );
    }
    const environment = fn.pool.acquire();
    let ended = true;
    try {
      const caller = roleCaller(this.#deps.account, fn.settings.Role, fn.name);
      const { LogGroup } = fn.settings.LoggingConfig;
      const log = new InvocationLog((events) => this.#logs.deliver(LogGroup, environment.logStream, events, caller));
      const run = new Run({ deps: this.#deps, fn, environment, log, onLog: this.#options.onLog });
      const outcome = await run.complete(payload, clientContext);
      ended = 'failure' in outcome && outcome.ended === true;
      log.flush();
      return {
        requestId: run.requestId,
        logTail: log.tail(),
        ...('payload' in outcome
          ? { payload: outcome.payload }
          : { payload: Buffer.from(JSON.stringify(outcome.failure)), failure: outcome.failure }),
      };
    } finally {
      if (ended) fn.pool.discard(environment);
      else fn.pool.release(environment);
    }
  }
}

interface RunOptions {
  readonly deps: Deps;
  readonly fn: LambdaFunction;
  readonly environment: Environment;
  readonly log: InvocationLog;
  readonly onLog: (line: FunctionLogLine) => void;
}

/** One invocation in one environment. */
class Run {
  readonly requestId: string;
  readonly #deps: Deps;
  readonly #fn: LambdaFunction;
  readonly #environment: Environment;
  readonly #events: InvocationLog;
  readonly #onLog: (line: FunctionLogLine) => void;

  constructor({ deps, fn, environment, log, onLog }: RunOptions) {
    this.requestId = deps.ids.uuid();
    this.#deps = deps;
    this.#fn = fn;
    this.#environment = environment;
    this.#events = log;
    this.#onLog = onLog;
  }

  async complete(payload: Uint8Array, clientContext: string | undefined): Promise<InvocationOutcome> {
    const { clock } = this.#deps;
    const environment = this.#environment;
    const { Timeout, MemorySize } = this.#fn.settings;
    environment.sink = (line) => this.#log(line);
    const initStartedAt = clock.now();
    if (!environment.used) await this.#withLimit(INIT_LIMIT_MS, environment.init);
    const initMs = environment.used ? undefined : clock.now() - initStartedAt;
    environment.used = true;

    const startedAt = clock.now();
    this.#log(`START RequestId: ${this.requestId} Version: $LATEST`);
    const finished = await this.#withLimit(Timeout * 1_000, this.#run(payload, startedAt, clientContext));
    const outcome = finished === 'late' ? await this.#timedOut(Timeout) : finished;
    const durationMs = clock.now() - startedAt;
    const peakBytes = await environment.runner.peakMemoryBytes?.();
    this.#log(`END RequestId: ${this.requestId}`);
    this.#log(
      [
        `REPORT RequestId: ${this.requestId}`,
        `Duration: ${durationMs.toFixed(2)} ms`,
        `Billed Duration: ${Math.ceil(durationMs + (initMs ?? 0))} ms`,
        `Memory Size: ${MemorySize} MB`,
        `Max Memory Used: ${peakBytes === undefined ? '-' : Math.ceil(peakBytes / 2 ** 20)} MB`,
        ...(initMs === undefined ? [] : [`Init Duration: ${initMs.toFixed(2)} ms`]),
        ...(finished === 'late' ? ['Status: timeout'] : []),
        ...(finished !== 'late' && 'failure' in finished && finished.ended
          ? ['Status: error', `Error Type: ${finished.failure.errorType}`]
          : []),
        '',
      ].join('\t'),
    );
    environment.sink = undefined;
    return outcome;
  }

  async #run(payload: Uint8Array, startedAt: number, clientContext: string | undefined): Promise<InvocationOutcome> {
    const { ids } = this.#deps;
    const failure = await this.#environment.init;
    if (failure) return { failure, ended: true };
    return await this.#environment.runner.invoke(payload, {
      requestId: this.requestId,
      deadlineMs: startedAt + this.#fn.settings.Timeout * 1_000,
      traceId: `Root=1-${ids.hex(8)}-${ids.hex(24)};Parent=${ids.hex(16)};Sampled=0`,
      clientContext,
    });
  }

  async #timedOut(timeoutSeconds: number): Promise<InvocationOutcome> {
    await this.#environment.runner.stop();
    const message = `Task timed out after ${timeoutSeconds.toFixed(2)} seconds`;
    this.#log(`${new Date(this.#deps.clock.now()).toISOString()} ${this.requestId} ${message}`);
    return {
      failure: { errorType: 'Sandbox.Timedout', errorMessage: `RequestId: ${this.requestId} Error: ${message}` },
      ended: true,
    };
  }

  async #withLimit<T>(limitMs: number, work: Promise<T>): Promise<T | 'late'> {
    let cancel: (() => void) | undefined;
    const late = new Promise<'late'>((resolve) => {
      cancel = this.#deps.clock.schedule(limitMs, () => resolve('late'));
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      cancel?.();
    }
  }

  #log(line: string): void {
    const at = this.#deps.clock.now();
    this.#events.add({ timestamp: at, message: line });
    this.#onLog({ functionName: this.#fn.name, line, requestId: this.requestId, at });
  }
}
