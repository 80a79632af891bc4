import { AwsError } from '../core/aws-error.ts';
import type { Caller, Deps } from '../core/cloud.ts';
import {
  type ContainerSpec,
  type Instance,
  type InstanceLauncher,
  type InstanceSpec,
  type InvocationRequest,
  type InvocationResponse,
  LaunchFailure,
} from './launcher.ts';
import { parseS3Uri } from './names.ts';
import { downloadFailed, pingFailed } from './reasons.ts';

/** Model data as an instance loaded it at its launch. */
export interface LoadedData {
  readonly uri: string;
  readonly etag: string;
}

/** The fate of an instance that has loaded its data. */
export type LaunchVerdict =
  | { readonly healthyAfterMs: number; readonly lostAfterMs?: number }
  /** Never healthy: fails at the deadline of the health check, or at once with the given reason. */
  | { readonly healthyAfterMs?: never; readonly reason?: string };

/** A running virtual instance and the data that it serves. */
export interface VirtualInstance {
  readonly spec: InstanceSpec;
  readonly data: readonly LoadedData[];
}

export interface VirtualLauncherOptions {
  /** @default healthy after 1 s */
  readonly judge?: (data: readonly LoadedData[], spec: InstanceSpec) => LaunchVerdict;
  /** The response to an invocation; `hang` never answers. @default the instance's id and data */
  readonly answer?: (data: readonly LoadedData[], spec: InstanceSpec) => unknown;
  /** Duration of the download, in milliseconds. @default 1000 */
  readonly downloadMs?: number;
  /** Duration of an answer, in milliseconds. @default 0 */
  readonly invocationMs?: number;
}

const DEFAULT_DOWNLOAD_MS = 1000;
const DEFAULT_HEALTHY_AFTER_MS = 1000;

/**
 * Instances without processes, for simulations. Each loads the ETags of its model data through the cloud at its launch
 * and answers every invocation with JSON `{instanceId, data: [{uri, etag}]}`. All time passes on `deps.clock`.
 */
export function createVirtualLauncher(
  deps: Deps,
  options: VirtualLauncherOptions,
): InstanceLauncher & { readonly running: ReadonlySet<VirtualInstance> } {
  const running = new Set<VirtualInstance>();
  return { start: (spec) => new LaunchedInstance(deps, options, running, spec), running };
}

class LaunchedInstance implements Instance {
  readonly ready: Promise<void>;
  readonly lost: Promise<string>;
  readonly #deps: Deps;
  readonly #options: VirtualLauncherOptions;
  readonly #running: Set<VirtualInstance>;
  readonly #spec: InstanceSpec;
  readonly #idle = Promise.withResolvers<void>();
  readonly #loss = Promise.withResolvers<string>();
  #data: readonly LoadedData[] = [];
  #self: VirtualInstance | undefined;
  #inFlight = 0;
  #stopped = false;
  #ended = false;

  constructor(deps: Deps, options: VirtualLauncherOptions, running: Set<VirtualInstance>, spec: InstanceSpec) {
    this.#deps = deps;
    this.#options = options;
    this.#running = running;
    this.#spec = spec;
    this.lost = this.#loss.promise;
    this.ready = this.#launch();
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  async invoke({ signal }: InvocationRequest): Promise<InvocationResponse> {
    this.#inFlight++;
    try {
      if (this.#options.invocationMs) await this.#after(this.#options.invocationMs);
      if (this.#ended) throw new Error('The instance ended before it answered.');
      const headers = { 'content-type': 'application/json' };
      return { status: 200, headers, body: this.#answer(signal), container: this.#label };
    } finally {
      this.#inFlight--;
      if (this.#stopped && this.#inFlight === 0) this.#idle.resolve();
    }
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    if (this.#inFlight > 0 && graceMs > 0) await Promise.race([this.#idle.promise, this.#after(graceMs)]);
    this.#end();
  }

  get #label(): string {
    return this.#spec.containers[0]?.label ?? 'primary';
  }

  async #launch(): Promise<void> {
    const { downloadMs = DEFAULT_DOWNLOAD_MS, judge } = this.#options;
    const { containers, caller } = this.#spec;
    const loaded = containers.map((container) => loadEtags(this.#deps, container, caller));
    this.#data = (await Promise.all(loaded)).flat();
    await this.#after(downloadMs);
    const verdict = judge?.(this.#data, this.#spec) ?? { healthyAfterMs: DEFAULT_HEALTHY_AFTER_MS };
    await this.#passHealthCheck(verdict);
    if (this.#stopped) return;
    this.#self = { spec: this.#spec, data: this.#data };
    this.#running.add(this.#self);
    const lostAfterMs = 'lostAfterMs' in verdict ? verdict.lostAfterMs : undefined;
    if (lostAfterMs === undefined) return;
    this.#deps.clock.schedule(lostAfterMs, () => {
      if (this.#stopped) return;
      this.#end();
      this.#loss.resolve('The virtual instance was lost.');
    });
  }

  async #passHealthCheck(verdict: LaunchVerdict): Promise<void> {
    const { healthCheckTimeoutMs, variantName } = this.#spec;
    const healthyAfterMs = verdict.healthyAfterMs ?? Number.POSITIVE_INFINITY;
    if (healthyAfterMs <= healthCheckTimeoutMs) {
      await this.#after(healthyAfterMs);
      return;
    }
    const reason = 'reason' in verdict ? verdict.reason : undefined;
    if (reason === undefined) await this.#after(healthCheckTimeoutMs);
    throw new LaunchFailure(reason ?? pingFailed(this.#label, variantName));
  }

  async *#answer(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const body = this.#options.answer
      ? this.#options.answer(this.#data, this.#spec)
      : { instanceId: this.#spec.instanceId, data: this.#data };
    if (body !== 'hang') yield Buffer.from(JSON.stringify(body));
    else await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  }

  #end(): void {
    this.#ended = true;
    if (this.#self) this.#running.delete(this.#self);
  }

  #after(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#deps.clock.schedule(ms, resolve);
    });
  }
}

/** The ETags of a container's model data. Throws LaunchFailure. */
async function loadEtags({ cloud }: Deps, container: ContainerSpec, caller: Caller): Promise<LoadedData[]> {
  const { modelDataUrl, modelDataSource } = container;
  const uri = modelDataSource?.uri ?? modelDataUrl;
  if (uri === undefined || container.mode === 'MultiModel') return [];
  try {
    const { bucket, key } = parseS3Uri(uri) ?? { bucket: '', key: '' };
    if (modelDataSource?.type !== 'S3Prefix') {
      const { ETag } = await cloud.call<{ ETag: string }>('s3', 'HeadObject', { Bucket: bucket, Key: key }, caller);
      return [{ uri, etag: ETag }];
    }
    const input = { Bucket: bucket, Prefix: key };
    const listed = await cloud.call<{ Contents?: { Key: string; ETag: string }[] }>(
      's3',
      'ListObjectsV2',
      input,
      caller,
    );
    const objects = listed.Contents ?? [];
    if (objects.length === 0) throw new AwsError('NoSuchKey', 'The specified key does not exist.', 404);
    return objects.map(({ Key, ETag }) => ({ uri: `s3://${bucket}/${Key}`, etag: ETag }));
  } catch (error) {
    throw new LaunchFailure(downloadFailed(container.name, uri), error);
  }
}
