import type { Clock } from '../core/clock.ts';
import type { Deps } from '../core/cloud.ts';
import type { Environment } from './environment-pool.ts';
import { cannotRun, tooManyRequests } from './errors.ts';
import type { LambdaExtras, LambdaFunction } from './function.ts';
import { invocationLog, logDelivery } from './function-log.ts';
import { roleCaller } from './names.ts';
import type { FunctionFailure, InvocationOutcome } from './runner.ts';

/** Result of an invocation. */
export interface InvocationResult {
  /** The function's answer, or its failure as JSON. */
  readonly payload: Uint8Array;
  readonly failure?: FunctionFailure;
  /** The last 4 KB of its log. */
  readonly logTail: string;
}

/** Time for the initialization that does not count against the function's timeout. */
const INIT_LIMIT_MS = 10_000;
const DEFAULT_CONCURRENCY = 10;

/** One invocation in one environment. */
interface Run {
  readonly fn: LambdaFunction;
  readonly environment: Environment;
  readonly requestId: string;
  readonly functionArn: string;
  readonly log: (line: string) => void;
}

export type Invoker = ReturnType<typeof createInvoker>;

/** Runs functions: takes an environment, enforces the timeout, writes the log. */
export function createInvoker(deps: Deps, extras: LambdaExtras) {
  const { account, clock, ids } = deps;
  const logs = logDelivery(deps.cloud);
  /** Throws InvalidRuntimeException if the local runtime cannot run the function. */
  const assertRunnable = ({ name, settings: { Runtime, PackageType, Layers } }: LambdaFunction): void => {
    if (PackageType === 'Image') {
      throw cannotRun(`Function ${name} is a container image. The local runtime cannot run container images.`);
    }
    if (Layers.length > 0) {
      throw cannotRun(`Function ${name} has layers. The local runtime cannot run layers: ${Layers.join(', ')}.`);
    }
    const { runtimes } = extras.runner;
    if (!runtimes.includes(String(Runtime))) {
      const available = `Available runtimes: ${runtimes.join(', ')}.`;
      throw cannotRun(`The local runtime cannot run the runtime "${Runtime}" of function ${name}. ${available}`);
    }
  };
  /** Returns a failure of the function as a result. Throws TooManyRequestsException or InvalidRuntimeException. */
  const invoke = async (fn: LambdaFunction, payload: Uint8Array, functionArn = fn.arn): Promise<InvocationResult> => {
    assertRunnable(fn);
    const { reservedConcurrency, pool } = fn;
    if (pool.busy() >= (reservedConcurrency ?? extras.maxConcurrency ?? DEFAULT_CONCURRENCY)) {
      const kind = reservedConcurrency === undefined ? 'Concurrent' : 'ReservedFunctionConcurrent';
      throw tooManyRequests(`${kind}InvocationLimitExceeded`);
    }
    const environment = pool.acquire();
    const requestId = ids.uuid();
    const events = invocationLog(logs, {
      logGroupName: fn.settings.LoggingConfig.LogGroup,
      logStreamName: environment.logStream,
      caller: roleCaller(account, fn.settings.Role, fn.name),
    });
    const log = (line: string) => {
      const at = clock.now();
      events.add({ timestamp: at, message: line });
      extras.onLog?.({ functionName: fn.name, line, requestId, at });
    };
    let ended = true;
    try {
      const outcome = await complete(deps, { fn, environment, requestId, functionArn, log }, payload);
      const failure = 'failure' in outcome ? outcome.failure : undefined;
      ended = 'failure' in outcome && outcome.ended === true;
      events.flush();
      const answer = 'payload' in outcome ? outcome.payload : Buffer.from(JSON.stringify(failure));
      return { payload: answer, logTail: events.tail(), ...(failure && { failure }) };
    } finally {
      pool.release(environment, { ended });
    }
  };
  return { assertRunnable, invoke };
}

async function complete(deps: Deps, run: Run, payload: Uint8Array): Promise<InvocationOutcome> {
  const { clock } = deps;
  const { environment, requestId, log } = run;
  const { Timeout, MemorySize } = run.fn.settings;
  environment.sink = log;
  const initStartedAt = clock.now();
  if (!environment.used) await withLimit(clock, INIT_LIMIT_MS, environment.init);
  const initMs = environment.used ? 0 : clock.now() - initStartedAt;
  const isFirst = !environment.used;
  environment.used = true;

  const startedAt = clock.now();
  log(`START RequestId: ${requestId} Version: $LATEST`);
  const finished = await withLimit(clock, Timeout * 1_000, start(deps, run, payload, startedAt));
  const outcome = finished === 'late' ? await timedOut(clock, run) : finished;
  const durationMs = clock.now() - startedAt;
  const peakBytes = await environment.runner.peakMemoryBytes?.();
  const hasEnded = finished !== 'late' && 'failure' in finished && finished.ended;
  log(`END RequestId: ${requestId}`);
  log(
    [
      `REPORT RequestId: ${requestId}`,
      `Duration: ${durationMs.toFixed(2)} ms`,
      `Billed Duration: ${Math.ceil(durationMs + initMs)} ms`,
      `Memory Size: ${MemorySize} MB`,
      `Max Memory Used: ${peakBytes === undefined ? '-' : Math.ceil(peakBytes / 2 ** 20)} MB`,
      ...(isFirst ? [`Init Duration: ${initMs.toFixed(2)} ms`] : []),
      ...(finished === 'late' ? ['Status: timeout'] : []),
      ...(hasEnded ? ['Status: error', `Error Type: ${finished.failure.errorType}`] : []),
      '',
    ].join('\t'),
  );
  environment.sink = undefined;
  return outcome;
}

async function start(
  { ids }: Deps,
  { fn, environment, requestId, functionArn }: Run,
  payload: Uint8Array,
  startedAt: number,
) {
  const failure = await environment.init;
  if (failure) return { failure, ended: true };
  return await environment.runner.invoke(payload, {
    requestId,
    functionArn,
    deadlineMs: startedAt + fn.settings.Timeout * 1_000,
    traceId: `Root=1-${ids.hex(8)}-${ids.hex(24)};Parent=${ids.hex(16)};Sampled=0`,
  });
}

async function timedOut(clock: Clock, { fn, environment, requestId, log }: Run): Promise<InvocationOutcome> {
  await environment.runner.stop();
  const message = `Task timed out after ${fn.settings.Timeout.toFixed(2)} seconds`;
  log(`${new Date(clock.now()).toISOString()} ${requestId} ${message}`);
  const errorMessage = `RequestId: ${requestId} Error: ${message}`;
  return { failure: { errorType: 'Sandbox.Timedout', errorMessage }, ended: true };
}

async function withLimit<T>(clock: Clock, limitMs: number, work: Promise<T>): Promise<T | 'late'> {
  const late = Promise.withResolvers<'late'>();
  const cancel = clock.schedule(limitMs, () => late.resolve('late'));
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    cancel();
  }
}
