import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { AwsError } from '#simulator/core/aws-error';
import type { Deps } from '#simulator/core/cloud';
import { readAll } from '#simulator/core/read-all';
import {
  type ContainerSpec,
  type Instance,
  type InstanceSpec,
  type InvocationRequest,
  type InvocationResponse,
  LaunchFailure,
} from '#simulator/sagemaker/launcher';
import { INTERNAL_FAILURE_REASON } from '#simulator/sagemaker/reasons';
import type { ProcessLauncherExtras } from './launcher-extras.ts';
import { loadCode, loadModelData, loadTargetModel, type ModelDataSource } from './model-data.ts';
import { removeFolder } from './model-folder.ts';
import type { ServerAnswer } from './model-response.ts';
import { MultiModel } from './multi-model.ts';
import { ServedModel } from './served-model.ts';

/** Lines that the report of a failure has. */
const SHOWN_LINES = 12;

/** Maximum size of the response that a container of a pipeline passes to the next. */
const MAX_INTERMEDIATE_BYTES = 25 * 1024 * 1024;

interface RunningContainer {
  readonly spec: ContainerSpec;
  readonly server: ServedModel | MultiModel;
}

/** An instance whose containers are child processes. */
export class ProcessInstance implements Instance {
  readonly ready: Promise<void>;
  readonly lost: Promise<string>;
  readonly #deps: Deps;
  readonly #extras: ProcessLauncherExtras;
  readonly #spec: InstanceSpec;
  readonly #python: () => Promise<string | undefined>;
  readonly #folder: string;
  readonly #stopping = new AbortController();
  readonly #idle = Promise.withResolvers<void>();
  readonly #lastLines: string[] = [];
  #containers: RunningContainer[] = [];
  #inFlight = 0;
  #stopped: Promise<void> | undefined;

  constructor(
    deps: Deps,
    extras: ProcessLauncherExtras,
    python: () => Promise<string | undefined>,
    spec: InstanceSpec,
  ) {
    this.#deps = deps;
    this.#extras = extras;
    this.#spec = spec;
    this.#python = python;
    this.#folder = join(extras.stateDir, 'instances', spec.instanceId);
    this.ready = this.#launch();
    const never = new Promise<string>(() => undefined);
    this.lost = this.ready.then(
      () => Promise.race(this.#containers.map(({ server }) => (server instanceof ServedModel ? server.lost : never))),
      () => never,
    );
    this.ready.catch((error: Error) => this.#failed(error.message));
    void this.lost.then((cause) => this.#failed(cause));
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  async invoke(request: InvocationRequest): Promise<InvocationResponse> {
    this.#inFlight++;
    try {
      const answer = await this.#answer(request);
      if (answer.body instanceof Readable) answer.body.once('close', () => this.#leave());
      else this.#leave();
      return answer;
    } catch (error) {
      this.#leave();
      throw error;
    }
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopped ??= this.#idle.promise.then(() => this.#end());
    this.#stopping.abort();
    if (this.#inFlight === 0 || graceMs <= 0) this.#idle.resolve();
    else {
      const cancel = this.#deps.clock.schedule(graceMs, () => this.#idle.resolve());
      void this.#idle.promise.then(cancel);
    }
    await this.#stopped;
  }

  #leave(): void {
    this.#inFlight--;
    if (this.#inFlight === 0 && this.#stopping.signal.aborted) this.#idle.resolve();
  }

  async #end(): Promise<void> {
    await Promise.all(this.#containers.map(({ server }) => server.stop()));
    await this.ready.catch(() => undefined);
    await removeFolder(this.#folder).catch((error: Error) => {
      this.#log('container_1', `The instance's folder could not be removed: ${error.message}`, 'stderr');
    });
  }

  async #launch(): Promise<void> {
    const { clock } = this.#deps;
    const download = new AbortController();
    const cancel = clock.schedule(this.#spec.downloadTimeoutMs, () => download.abort());
    this.#stopping.signal.addEventListener('abort', () => download.abort(), { once: true });
    try {
      await mkdir(this.#folder, { recursive: true });
      // Otherwise a package.json in a parent folder would decide how the model's .js files are read.
      await writeFile(join(this.#folder, 'package.json'), '{}\n');
      this.#stopping.signal.throwIfAborted();
      this.#containers = this.#spec.containers.map((spec) => ({ spec, server: this.#serve(spec, download.signal) }));
      await Promise.all(
        this.#containers.map(({ server }) => (server instanceof ServedModel ? server.ready : undefined)),
      );
    } catch (error) {
      throw error instanceof LaunchFailure ? error : new LaunchFailure(INTERNAL_FAILURE_REASON, error);
    } finally {
      cancel();
    }
  }

  #serve(container: ContainerSpec, download: AbortSignal): ServedModel | MultiModel {
    const folder = join(this.#folder, container.name);
    if (container.mode === 'SingleModel') {
      return this.#model(container, folder, (modelDir) =>
        loadModelData(container, modelDir, this.#source(container, download)),
      );
    }
    return new MultiModel((target, id) =>
      this.#model(container, join(folder, id), (modelDir) =>
        loadTargetModel(container, target, modelDir, this.#source(container, this.#stopping.signal)),
      ),
    );
  }

  #source(container: ContainerSpec, signal: AbortSignal): ModelDataSource {
    const { archiveLimits } = this.#extras;
    return {
      cloud: this.#deps.cloud,
      caller: this.#spec.caller,
      signal,
      ...(archiveLimits && { limits: archiveLimits }),
      onWarning: (message) => this.#log(container.name, `Warning: ${message}`, 'stderr'),
    };
  }

  /** Logs why model data could not be loaded. */
  async #logged(container: ContainerSpec, loading: Promise<void>): Promise<void> {
    try {
      await loading;
    } catch (error) {
      const { cause } = error as Error;
      if (cause instanceof Error) this.#log(container.name, cause.message, 'stderr');
      throw error;
    }
  }

  #model(container: ContainerSpec, folder: string, load: (modelDir: string) => Promise<void>): ServedModel {
    const { processes, times, containers } = this.#extras;
    const { account, clock } = this.#deps;
    return new ServedModel({
      container,
      variantName: this.#spec.variantName,
      folder,
      load: (modelDir) => this.#logged(container, load(modelDir)),
      loadCode: (uri, codeDir) =>
        this.#logged(container, loadCode(container, uri, codeDir, this.#source(container, this.#stopping.signal))),
      containers: containers ?? [],
      python: this.#python,
      healthCheckTimeoutMs: this.#spec.healthCheckTimeoutMs,
      environment: {
        AWS_REGION: account.region,
        SAGEMAKER_REGION: account.region,
        SAGEMAKER_ENDPOINT_NAME: this.#spec.endpointName,
        SAGEMAKER_VARIANT_NAME: this.#spec.variantName,
      },
      times,
      clock,
      processes,
      onLog: (line, stream) => this.#log(container.name, line, stream),
    });
  }

  #log(container: string, line: string, stream: 'stdout' | 'stderr'): void {
    const { endpointName, variantName, instanceId } = this.#spec;
    this.#lastLines.push(line);
    if (this.#lastLines.length > SHOWN_LINES) this.#lastLines.shift();
    this.#extras.onLog?.({ endpointName, variantName, instanceId, container, stream, line });
  }

  /** An instance that is stopped before it is ready has not failed. */
  #failed(reason: string): void {
    if (this.#stopping.signal.aborted) return;
    const { endpointName, variantName, instanceId } = this.#spec;
    this.#extras.onFailure?.({ endpointName, variantName, instanceId, reason, lines: [...this.#lastLines] });
  }

  #answer(request: InvocationRequest): Promise<ServerAnswer> {
    return this.#spec.pipeline && this.#containers.length > 1
      ? this.#pass(request)
      : this.#target(request.targetContainer).server.invoke(request);
  }

  /** Each container gets the response of the one before. */
  async #pass(request: InvocationRequest): Promise<ServerAnswer> {
    let current = request;
    for (const [index, { server }] of this.#containers.entries()) {
      const answer = await server.invoke(current);
      if (index === this.#containers.length - 1 || answer.status < 200 || answer.status > 299) return answer;
      const contentType = answer.headers['content-type'];
      current = {
        ...request,
        headers: { ...request.headers, ...(contentType !== undefined && { 'content-type': contentType }) },
        body: await collect(answer),
      };
    }
    throw new Error('A pipeline has at least one container.');
  }

  #target(hostname: string | undefined): RunningContainer {
    const [first] = this.#containers;
    const found = hostname === undefined ? first : this.#containers.find(({ spec }) => spec.label === hostname);
    if (found) return found;
    const message = `The endpoint has no container with the hostname ${hostname}.`;
    throw new AwsError('ValidationError', message, 400, { Message: message });
  }
}

async function collect({ body, container }: ServerAnswer): Promise<Buffer> {
  const tooLarge = () => new Error(`Container ${container} responded with more than 25 MB.`);
  return await readAll(body instanceof Readable ? body : [body], MAX_INTERMEDIATE_BYTES, tooLarge);
}
