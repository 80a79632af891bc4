import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { AwsError } from '#simulator/core/aws-error';
import type { Deps } from '#simulator/core/cloud';
import { readAll } from '#simulator/core/read-all';
import {
  archiveAt,
  type ContainerSpec,
  type Instance,
  type InstanceLauncher,
  type InstanceSpec,
  type InvocationRequest,
  type InvocationResponse,
  LaunchFailure,
} from '#simulator/sagemaker/launcher';
import { INTERNAL_FAILURE_REASON } from '#simulator/sagemaker/reasons';
import { findPython } from './host-commands.ts';
import type { InstanceContext, ProcessLauncherExtras } from './launcher-extras.ts';
import { removeFolder } from './model-folder.ts';
import type { ServerAnswer } from './model-response.ts';
import { serveModels } from './multi-model.ts';
import { type ServedModel, serveModel } from './served-model.ts';

/** Lines that the report of a failure has. */
const SHOWN_LINES = 12;

/** Maximum size of the response that a container of a pipeline passes to the next. */
const MAX_INTERMEDIATE_BYTES = 25 * 1024 * 1024;

/** A container's label, and what serves it. */
type RunningContainer = readonly [label: string, server: ServedModel];

/** Instances as child processes: each unpacks its model data from S3 into its own folder and serves it on 127.0.0.1. */
export function createProcessLauncher(deps: Deps, extras: ProcessLauncherExtras): InstanceLauncher {
  const python = findPython(extras.processes);
  return { start: (spec) => new ProcessInstance({ ...extras, deps, python, spec }) };
}

/** An instance whose containers are child processes. */
class ProcessInstance implements Instance {
  readonly ready: Promise<void>;
  readonly lost: Promise<string>;
  readonly #context: InstanceContext;
  readonly #folder: string;
  readonly #stopping = new AbortController();
  readonly #idle = Promise.withResolvers<void>();
  readonly #lastLines: string[] = [];
  #containers: RunningContainer[] = [];
  #inFlight = 0;
  #stopped: Promise<void> | undefined;

  constructor(context: Omit<InstanceContext, 'stopping' | 'log'>) {
    this.#context = {
      ...context,
      stopping: this.#stopping.signal,
      log: ({ name }, line, stream) => this.#log(name, line, stream),
    };
    this.#folder = join(context.stateDir, 'instances', context.spec.instanceId);
    this.ready = this.#launch();
    this.lost = this.ready.then(
      () => Promise.race(this.#containers.map(([, { lost }]) => lost)),
      () => new Promise<never>(() => undefined),
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
      const cancel = this.#context.deps.clock.schedule(graceMs, () => this.#idle.resolve());
      void this.#idle.promise.then(cancel);
    }
    await this.#stopped;
  }

  #leave(): void {
    this.#inFlight--;
    if (this.#inFlight === 0 && this.#stopping.signal.aborted) this.#idle.resolve();
  }

  async #end(): Promise<void> {
    await Promise.all(this.#containers.map(([, server]) => server.stop()));
    await this.ready.catch(() => undefined);
    await removeFolder(this.#folder).catch((error: Error) => {
      this.#log('container_1', `The instance's folder could not be removed: ${error.message}`, 'stderr');
    });
  }

  async #launch(): Promise<void> {
    const { deps, spec, stopping } = this.#context;
    const timeout = new AbortController();
    const cancel = deps.clock.schedule(spec.downloadTimeoutMs, () => timeout.abort());
    try {
      await mkdir(this.#folder, { recursive: true });
      // Otherwise a package.json in a parent folder would decide how the model's .js files are read.
      await writeFile(join(this.#folder, 'package.json'), '{}\n');
      stopping.throwIfAborted();
      const signal = AbortSignal.any([stopping, timeout.signal]);
      this.#containers = spec.containers.map((each) => [each.label, this.#serve(each, signal)]);
      await Promise.all(this.#containers.map(([, { ready }]) => ready));
    } catch (error) {
      throw error instanceof LaunchFailure ? error : new LaunchFailure(INTERNAL_FAILURE_REASON, error);
    } finally {
      cancel();
    }
  }

  #serve(container: ContainerSpec, signal: AbortSignal): ServedModel {
    const folder = join(this.#folder, container.name);
    const { modelData: data, mode } = container;
    if (mode === 'SingleModel') return serveModel(this.#context, { container, data, folder, signal });
    const prefix = data?.uri.replace(/\/$/, '') ?? '';
    return serveModels((target, id) => {
      const archive = archiveAt(`${prefix}/${target}`);
      const { stopping } = this.#context;
      return serveModel(this.#context, { container, data: archive, folder: join(folder, id), signal: stopping });
    });
  }

  #log(container: string, line: string, stream: 'stdout' | 'stderr'): void {
    const { spec, onLog } = this.#context;
    this.#lastLines.push(line);
    if (this.#lastLines.length > SHOWN_LINES) this.#lastLines.shift();
    onLog?.({ ...namesOf(spec), container, stream, line });
  }

  /** An instance that is stopped before it is ready has not failed. */
  #failed(reason: string): void {
    const { spec, stopping, onFailure } = this.#context;
    if (!stopping.aborted) onFailure?.({ ...namesOf(spec), reason, lines: [...this.#lastLines] });
  }

  #answer(request: InvocationRequest): Promise<ServerAnswer> {
    return this.#context.spec.pipeline && this.#containers.length > 1
      ? this.#pass(request)
      : this.#target(request.targetContainer).invoke(request);
  }

  /** Each container gets the response of the one before. */
  async #pass(request: InvocationRequest): Promise<ServerAnswer> {
    let current = request;
    for (const [index, [, server]] of this.#containers.entries()) {
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

  #target(hostname: string | undefined): ServedModel {
    const [, found] = this.#containers.find(([label]) => hostname === undefined || label === hostname) ?? [];
    if (found) return found;
    const message = `The endpoint has no container with the hostname ${hostname}.`;
    throw new AwsError('ValidationError', message, 400, { Message: message });
  }
}

const namesOf = ({ endpointName, variantName, instanceId }: InstanceSpec) => ({
  endpointName,
  variantName,
  instanceId,
});

async function collect({ body, container }: ServerAnswer): Promise<Buffer> {
  const tooLarge = () => new Error(`Container ${container} responded with more than 25 MB.`);
  return await readAll(body instanceof Readable ? body : [body], MAX_INTERMEDIATE_BYTES, tooLarge);
}
