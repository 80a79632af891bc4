import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { type ContainerSpec, type InvocationRequest, NotSent } from '#simulator/sagemaker/launcher';
import type { Times } from '#simulator/sagemaker/times';
import { type ModelHost, PORT_LINE } from './host-commands.ts';
import type { InstanceContext } from './launcher-extras.ts';
import { type ChannelResponse, modelChannel } from './model-channel.ts';
import { CONTAINER_MODEL_DIR } from './model-code.ts';
import { ModelResponse, type ServerAnswer } from './model-response.ts';

interface ModelServerOptions {
  readonly container: ContainerSpec;
  readonly host: ModelHost;
  readonly modelDir: string;
  readonly codeDir: string;
  /** The working directory, outside the model's folder. */
  readonly cwd: string;
  /** Aborted before `stop`: nothing is waited for any more. */
  readonly stopping: AbortSignal;
}

/** One process that serves one model. */
export interface ModelServer {
  /** Resolves with the cause when the server ends or stops answering pings. Never if `stopping` is aborted. */
  readonly lost: Promise<string>;
  /** Throws NotSent if the process cannot be reached. */
  invoke(request: InvocationRequest): Promise<ServerAnswer>;
  /** SIGTERM, then SIGKILL; resolves when the process is gone. */
  stop(): Promise<void>;
}

/** Time after which the runtime closes an idle connection to a built-in host. */
const BUILT_IN_KEEP_ALIVE_MS = 60_000;

/** The same for a mapped command, which can close idle connections early. */
const MAPPED_KEEP_ALIVE_MS = 1_000;

/**
 * Starts a server and resolves at the first ping with status 200. Throws if there is none in time, or as soon as the
 * process ends, where AWS would wait; the process is then gone.
 */
export async function startModelServer(context: InstanceContext, options: ModelServerOptions): Promise<ModelServer> {
  const { times, spec } = context;
  const { host, container, stopping } = options;
  const timeout = AbortSignal.timeout(spec.healthCheckTimeoutMs);
  const givenPort = host.reportsPort ? 0 : await freePort();
  stopping.throwIfAborted();
  const { process, reported, ended, channel } = startProcess(context, options, givenPort);
  const over = AbortSignal.any([stopping, ended]);
  const limit = AbortSignal.any([over, timeout]);
  const inTime = once(limit, 'abort').then((): never => limit.throwIfAborted() as never);
  inTime.catch(() => undefined);
  let pool: Pool | undefined;
  const stop = async () => {
    await process.stop(times.killAfterMs);
    await pool?.destroy().catch(() => undefined);
  };
  try {
    const port = await Promise.race([reported, inTime]);
    const keepAliveTimeout = host.reportsPort ? BUILT_IN_KEEP_ALIVE_MS : MAPPED_KEEP_ALIVE_MS;
    pool = new Pool(`http://127.0.0.1:${port}`, { connections: null, pipelining: 1, keepAliveTimeout });
    while (!(await ping(pool, times))) await pause(times.startPingIntervalMs, limit);
  } catch (error) {
    await stop();
    throw over.aborted ? error : new Error('The container did not answer /ping with 200 in time.');
  }
  const watched = watch(pool, times, over).then(async (cause) => {
    // What is stopped is not lost.
    if (stopping.aborted) return await new Promise<never>(() => undefined);
    context.log(container, cause, 'stderr');
    return cause;
  });
  return { lost: watched, invoke: host.hasChannel ? channel.invoke : invoker(pool, container.label), stop };
}

function startProcess(
  { processes, spec, deps, log }: InstanceContext,
  { container, host, modelDir, codeDir, cwd }: ModelServerOptions,
  port: number,
) {
  const { region } = deps.account;
  const { promise: reported, resolve } = Promise.withResolvers<number>();
  const ended = new AbortController();
  const { command, args, env } = host.commandLine({ modelDir, port });
  const channel = modelChannel(container.label, (requests) => process.send(requests));
  const process = processes.spawn({
    command,
    args,
    cwd,
    env: {
      AWS_REGION: region,
      SAGEMAKER_REGION: region,
      SAGEMAKER_ENDPOINT_NAME: spec.endpointName,
      SAGEMAKER_VARIANT_NAME: spec.variantName,
      ...withModelDir(container.environment, modelDir),
      SAGEMAKER_SUBMIT_DIRECTORY: codeDir,
      ...env,
      SM_MODEL_DIR: modelDir,
      SAGEMAKER_BIND_TO_PORT: String(port),
      PORT: String(port),
    },
    onLine: (line, stream) => {
      const found = host.reportsPort && stream === 'stdout' ? PORT_LINE.exec(line) : null;
      if (found) resolve(Number(found[1]));
      else log(container, line, stream);
    },
    ...(host.hasChannel && { onMessage: (message) => channel.answered(message as ChannelResponse[]) }),
  });
  if (!host.reportsPort) resolve(port);
  void process.exited.then(({ error, signal, code }) => {
    const cause = new Error(`The container ended: ${error?.message ?? `with ${signal ?? `status ${code}`}`}`);
    ended.abort(cause);
    channel.end(cause);
  });
  return { process, reported, ended: ended.signal, channel };
}

const invoker = (pool: Pool, label: string) => async (request: InvocationRequest) => {
  try {
    const { headers, body, signal } = request;
    const response = new ModelResponse(signal);
    // The caller's signal ends a request that takes too long.
    const limits = { headersTimeout: 0, bodyTimeout: 0 };
    pool.dispatch({ method: 'POST', path: '/invocations', headers, body, ...limits }, response);
    return await response.answer(label);
  } catch (error) {
    throw notSent(error) ? new NotSent(error) : error;
  }
};

async function ping(pool: Pool, { pingTimeoutMs }: Times): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(pingTimeoutMs);
    const { statusCode, body } = await pool.request({ method: 'GET', path: '/ping', signal });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}

/** Pings while the server runs. Resolves with the reason why it does no longer. */
async function watch(pool: Pool, times: Times, over: AbortSignal): Promise<string> {
  try {
    for (let failures = 0; failures < times.unhealthyAfter; ) {
      await pause(times.pingIntervalMs, over);
      failures = (await ping(pool, times)) ? 0 : failures + 1;
    }
    return `The container failed ${times.unhealthyAfter} pings in a row.`;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Throws the signal's reason as soon as it is aborted. */
const pause = (ms: number, signal: AbortSignal) =>
  sleep(ms, undefined, { signal }).catch(() => signal.throwIfAborted());

/** The container's environment, with its paths below /opt/ml/model replaced. */
function withModelDir(environment: Readonly<Record<string, string>>, modelDir: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, value.replaceAll(CONTAINER_MODEL_DIR, modelDir)]),
  );
}

/** Ports for mapped commands: AWS's multi-model-server accepts none above 32,766. */
const FIRST_PORT = 10_000;
const LAST_PORT = 32_766;

/** A port for a command that cannot report its own. If another program takes it in between, the ping fails. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}

/** Errors that occur before a byte of the request is written. */
function notSent(error: unknown): boolean {
  const code = (error as { code?: string }).code ?? '';
  return ['ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_CLOSED', 'UND_ERR_DESTROYED'].includes(code);
}
