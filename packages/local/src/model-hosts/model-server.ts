import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { Pool } from 'undici';
import type { Cancel, Clock } from '#simulator/core/clock';
import { type InvocationRequest, NotSent } from '#simulator/sagemaker/launcher';
import type { Times } from '#simulator/sagemaker/times';
import type { HostedProcess, ProcessHost } from '../processes/index.ts';
import { type ModelHost, PORT_LINE } from './host-commands.ts';
import { CONTAINER_MODEL_DIR } from './model-code.ts';
import { ModelResponse, type ServerAnswer } from './model-response.ts';

export interface ModelServerOptions {
  readonly host: ModelHost;
  readonly modelDir: string;
  /** The working directory, outside the model's folder. */
  readonly cwd: string;
  /** The environment in the container's definition. */
  readonly environment: Readonly<Record<string, string>>;
  /** The container's label in responses, e.g. `primary`. */
  readonly label: string;
  readonly healthCheckTimeoutMs: number;
  readonly times: Times;
  readonly clock: Clock;
  readonly processes: ProcessHost;
  readonly onLog: (line: string, stream: 'stdout' | 'stderr') => void;
}

/** Time after which the runtime closes an idle connection to a built-in host. */
const BUILT_IN_KEEP_ALIVE_MS = 60_000;

/** The same for a mapped command, which can close idle connections early. */
const MAPPED_KEEP_ALIVE_MS = 1_000;

/** One process that serves one model over HTTP. */
export class ModelServer {
  /** Resolves at the first ping with status 200; rejects if there is none in time or the process ends. */
  readonly healthy: Promise<void>;
  /** Resolves with the cause when a healthy server ends or stops answering pings. Never after `stop`. */
  readonly lost: Promise<string>;
  readonly #options: ModelServerOptions;
  readonly #stopping = new AbortController();
  readonly #ended = new AbortController();
  #process: HostedProcess | undefined;
  #pool: Pool | undefined;
  #lose: (cause: string) => void = () => undefined;

  constructor(options: ModelServerOptions) {
    this.#options = options;
    this.lost = new Promise((resolve) => {
      this.#lose = resolve;
    });
    const started = this.#start();
    this.healthy = started.then(() => undefined);
    started.then(
      (pool) => this.#watch(pool),
      () => undefined,
    );
  }

  /** Throws NotSent if the process cannot be reached. */
  async invoke(request: InvocationRequest): Promise<ServerAnswer> {
    try {
      if (!this.#pool) throw new NotSent('The model server is not healthy yet.');
      const { headers, body, signal } = request;
      const response = new ModelResponse(signal);
      // The caller's signal ends a request that takes too long.
      const limits = { headersTimeout: 0, bodyTimeout: 0 };
      this.#pool.dispatch({ method: 'POST', path: '/invocations', headers, body, ...limits }, response);
      return await response.answer(this.#options.label);
    } catch (error) {
      throw error instanceof NotSent || !notSent(error) ? error : new NotSent(error);
    }
  }

  /** SIGTERM, then SIGKILL; resolves when the process is gone. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#process?.stop(this.#options.times.killAfterMs);
    await this.#pool?.destroy().catch(() => undefined);
  }

  async #start(): Promise<Pool> {
    const { host, clock, times, healthCheckTimeoutMs } = this.#options;
    const deadline = clock.now() + healthCheckTimeoutMs;
    const port = await this.#run(host.reportsPort ? 0 : await freePort(), deadline);
    const pool = new Pool(`http://127.0.0.1:${port}`, {
      connections: null,
      pipelining: 1,
      keepAliveTimeout: host.reportsPort ? BUILT_IN_KEEP_ALIVE_MS : MAPPED_KEEP_ALIVE_MS,
    });
    this.#pool = pool;
    while (!(await this.#ping(pool))) {
      const left = deadline - clock.now();
      if (left <= 0) throw new Error('The container did not answer /ping with 200 in time.');
      await this.#pause(Math.min(left, times.startPingIntervalMs));
    }
    return pool;
  }

  /** Starts the process and resolves with its port. Rejects as soon as it ends; AWS would wait for the deadline. */
  #run(port: number, deadline: number): Promise<number> {
    const { host, modelDir, cwd, environment, processes, clock, onLog } = this.#options;
    return new Promise((resolve, reject) => {
      if (this.#stopping.signal.aborted) {
        reject(new Error('The model server was stopped.'));
        return;
      }
      const { command, args, env } = host.commandLine({ modelDir, port });
      const process = processes.spawn({
        command,
        args,
        cwd,
        env: {
          ...withModelDir(environment, modelDir),
          ...env,
          SM_MODEL_DIR: modelDir,
          SAGEMAKER_BIND_TO_PORT: String(port),
          PORT: String(port),
        },
        onLine: (line, stream) => {
          const reported = host.reportsPort && stream === 'stdout' ? PORT_LINE.exec(line) : null;
          if (reported) resolve(Number(reported[1]));
          else onLog(line, stream);
        },
      });
      this.#process = process;
      const cancel = clock.schedule(deadline - clock.now(), () => {
        reject(new Error('The model host did not report its port in time.'));
      });
      void process.exited.then((exit) => {
        cancel();
        const cause = exit.error?.message ?? `with ${exit.signal ?? `status ${exit.code}`}`;
        const message = `The container ended: ${cause}`;
        this.#ended.abort(new Error(message));
        reject(new Error(message));
      });
      if (!host.reportsPort) resolve(port);
    });
  }

  async #ping(pool: Pool): Promise<boolean> {
    const { pingTimeoutMs } = this.#options.times;
    this.#ended.signal.throwIfAborted();
    if (this.#stopping.signal.aborted) throw new Error('The model server was stopped.');
    try {
      const { statusCode, body } = await pool.request({
        method: 'GET',
        path: '/ping',
        signal: AbortSignal.timeout(pingTimeoutMs),
      });
      await body.dump();
      return statusCode === 200;
    } catch {
      return false;
    }
  }

  /** Pings while the server runs. */
  async #watch(pool: Pool): Promise<void> {
    const { times } = this.#options;
    let failures = 0;
    try {
      while (failures < times.unhealthyAfter) {
        await this.#pause(times.pingIntervalMs);
        failures = (await this.#ping(pool)) ? 0 : failures + 1;
      }
      this.#report(`The container failed ${failures} pings in a row.`);
    } catch (error) {
      this.#report((error as Error).message);
    }
  }

  #report(cause: string): void {
    if (this.#stopping.signal.aborted) return;
    this.#options.onLog(cause, 'stderr');
    this.#lose(cause);
  }

  /** Cut short when the process ends or the server is stopped. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      let cancel: Cancel = () => undefined;
      const done = () => {
        cancel();
        for (const { signal } of [this.#ended, this.#stopping]) signal.removeEventListener('abort', done);
        resolve();
      };
      for (const { signal } of [this.#ended, this.#stopping]) signal.addEventListener('abort', done, { once: true });
      if (this.#ended.signal.aborted || this.#stopping.signal.aborted) done();
      else cancel = this.#options.clock.schedule(ms, done);
    });
  }
}

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
