import { AwsError } from '../../src/core/aws-error.ts';
import { type Clock, sleep } from '../../src/core/clock.ts';
import type { Caller, Cloud, Deps } from '../../src/core/cloud.ts';
import {
  type ContainerSpec,
  type Instance,
  type InstanceLauncher,
  type InstanceSpec,
  LaunchFailure,
} from '../../src/sagemaker/launcher.ts';
import { parseS3Uri } from '../../src/sagemaker/names.ts';
import { downloadFailed, pingFailed } from '../../src/sagemaker/reasons.ts';

/** Model data as an instance loaded it at its launch. */
export interface LoadedData {
  readonly uri: string;
  readonly etag: string;
}

/** The fate of an instance that has loaded its data. */
export interface LaunchVerdict {
  /** Absent: never healthy; the launch fails at the deadline of the health check, or at once with the `reason`. */
  readonly healthyAfterMs?: number;
  readonly reason?: string;
  /** When a healthy instance is lost. @default never */
  readonly lostAfterMs?: number;
}

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
  return { start: (spec) => launch(deps, options, running, spec), running };
}

function launch(
  { clock, cloud }: Deps,
  options: VirtualLauncherOptions,
  running: Set<VirtualInstance>,
  spec: InstanceSpec,
): Instance {
  const idle = Promise.withResolvers<void>();
  const loss = Promise.withResolvers<string>();
  const container = spec.containers[0]?.label ?? 'primary';
  let self: VirtualInstance = { spec, data: [] };
  let inFlight = 0;
  let isStopped = false;
  let isEnded = false;
  const end = () => {
    isEnded = true;
    running.delete(self);
  };
  const ready = async () => {
    const loaded = await Promise.all(spec.containers.map((each) => loadEtags(cloud, each, spec.caller)));
    self = { spec, data: loaded.flat() };
    await sleep(clock, options.downloadMs ?? DEFAULT_DOWNLOAD_MS);
    const verdict = options.judge?.(self.data, spec) ?? { healthyAfterMs: DEFAULT_HEALTHY_AFTER_MS };
    await passHealthCheck(clock, spec, container, verdict);
    if (isStopped) return;
    running.add(self);
    if (verdict.lostAfterMs === undefined) return;
    clock.schedule(verdict.lostAfterMs, () => {
      if (isStopped) return;
      end();
      loss.resolve('The virtual instance was lost.');
    });
  };
  return {
    ready: ready(),
    lost: loss.promise,
    get inFlight() {
      return inFlight;
    },
    async invoke({ signal }) {
      inFlight++;
      try {
        if (options.invocationMs) await sleep(clock, options.invocationMs);
        if (isEnded) throw new Error('The instance ended before it answered.');
        const headers = { 'content-type': 'application/json' };
        return { status: 200, headers, body: answer(self, options, signal), container };
      } finally {
        inFlight--;
        if (isStopped && inFlight === 0) idle.resolve();
      }
    },
    async stop(graceMs) {
      isStopped = true;
      if (inFlight > 0 && graceMs > 0) await Promise.race([idle.promise, sleep(clock, graceMs)]);
      end();
    },
  };
}

async function passHealthCheck(clock: Clock, spec: InstanceSpec, container: string, verdict: LaunchVerdict) {
  const { healthyAfterMs = Number.POSITIVE_INFINITY, reason } = verdict;
  const { healthCheckTimeoutMs, variantName } = spec;
  const isHealthy = healthyAfterMs <= healthCheckTimeoutMs;
  if (reason === undefined || isHealthy) await sleep(clock, Math.min(healthyAfterMs, healthCheckTimeoutMs));
  if (!isHealthy) throw new LaunchFailure(reason ?? pingFailed(container, variantName));
}

async function* answer({ spec, data }: VirtualInstance, options: VirtualLauncherOptions, signal: AbortSignal) {
  const body = options.answer ? options.answer(data, spec) : { instanceId: spec.instanceId, data };
  if (body !== 'hang') yield Buffer.from(JSON.stringify(body));
  else await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}

/** The ETags of a container's model data. Throws LaunchFailure. */
async function loadEtags(cloud: Cloud, container: ContainerSpec, caller: Caller): Promise<LoadedData[]> {
  const { modelData, mode } = container;
  if (!modelData || mode === 'MultiModel') return [];
  const { uri, type } = modelData;
  const { bucket, key } = parseS3Uri(uri) ?? { bucket: '', key: '' };
  try {
    if (type !== 'S3Prefix') {
      const { ETag } = await cloud.call<{ ETag: string }>('s3', 'HeadObject', { Bucket: bucket, Key: key }, caller);
      return [{ uri, etag: ETag }];
    }
    type Listed = { Contents?: { Key: string; ETag: string }[] };
    const input = { Bucket: bucket, Prefix: key };
    const { Contents = [] } = await cloud.call<Listed>('s3', 'ListObjectsV2', input, caller);
    if (Contents.length === 0) throw new AwsError('NoSuchKey', 'The specified key does not exist.', 404);
    return Contents.map(({ Key, ETag }) => ({ uri: `s3://${bucket}/${Key}`, etag: ETag }));
  } catch (error) {
    throw new LaunchFailure(downloadFailed(container.name, uri), error);
  }
}
