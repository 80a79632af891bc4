import { AwsError } from '../core/aws-error.ts';
import type { Caller, Deps } from '../core/cloud.ts';
import {
  type ContainerSpec,
  type Instance,
  type InstanceLauncher,
  type InstanceSpec,
  type InvocationRequest,
  LaunchFailure,
} from './launcher.ts';
import { parseS3Uri } from './names.ts';
import { downloadFailed, pingFailed } from './reasons.ts';

/** Model data as an instance found it when it was launched. */
export interface LoadedData {
  readonly uri: string;
  readonly etag: string;
}

/** What becomes of an instance that has loaded its data. */
export type Verdict =
  | { readonly healthyAfterMs: number; readonly lostAfterMs?: number }
  /** Never healthy: fails at the health check's deadline, or at once with the given reason. */
  | { readonly healthyAfterMs?: never; readonly reason?: string };

/** A running virtual instance, with what it serves. */
export interface VirtualInstance {
  readonly spec: InstanceSpec;
  readonly data: readonly LoadedData[];
}

export interface VirtualLauncherOptions {
  /** Who reads the model data, by the model's execution role. */
  readonly callerForRole: (roleArn: string) => Caller;
  /** Default: healthy after 1 s. */
  readonly judge?: (data: readonly LoadedData[], spec: InstanceSpec) => Verdict;
  /** What it answers to an invocation; `hang`: nothing, for ever. Default: its id and its data. */
  readonly answer?: (data: readonly LoadedData[], spec: InstanceSpec) => unknown;
  /** How long the download takes, in milliseconds. Default: 1 s. */
  readonly downloadMs?: number;
  /** How long an answer takes, in milliseconds. Default: 0. */
  readonly invocationMs?: number;
}

/**
 * Instances without processes, for simulations: each loads the ETags of its model data through the cloud at the moment of its launch, and
 * answers every invocation with JSON `{instanceId, data: [{uri, etag}]}`. All time passes on `deps.clock`.
 */
export function createVirtualLauncher(
  deps: Deps,
  options: VirtualLauncherOptions,
): InstanceLauncher & { readonly running: ReadonlySet<VirtualInstance> } {
  const running = new Set<VirtualInstance>();
  const judge = options.judge ?? (() => ({ healthyAfterMs: 1000 }));

  async function etags(container: ContainerSpec, caller: Caller): Promise<LoadedData[]> {
    const { modelDataUrl, modelDataSource } = container;
    const uri = modelDataSource?.uri ?? modelDataUrl;
    if (uri === undefined || container.mode === 'MultiModel') return [];
    try {
      const { bucket, key } = parseS3Uri(uri) ?? { bucket: '', key: '' };
      if (modelDataSource?.type === 'S3Prefix') {
        const listed = await deps.cloud.call('s3', 'ListObjectsV2', { Bucket: bucket, Prefix: key }, caller);
        const objects: { Key: string; ETag: string }[] = listed.Contents ?? [];
        if (objects.length === 0) throw new AwsError('NoSuchKey', 'The specified key does not exist.', 404);
        return objects.map(({ Key, ETag }) => ({ uri: `s3://${bucket}/${Key}`, etag: ETag }));
      }
      const { ETag } = await deps.cloud.call('s3', 'HeadObject', { Bucket: bucket, Key: key }, caller);
      return [{ uri, etag: ETag }];
    } catch (error) {
      throw new LaunchFailure(downloadFailed(container.name, uri), error);
    }
  }

  function start(spec: InstanceSpec): Instance {
    let stopped = false;
    let ended = false;
    let inFlight = 0;
    const idle = Promise.withResolvers<void>();
    let data: LoadedData[] = [];
    let self: VirtualInstance | undefined;
    const { promise: lost, resolve: lose } = Promise.withResolvers<string>();
    const after = (ms: number) => new Promise<void>((resolve) => deps.clock.schedule(ms, resolve));

    const launch = async () => {
      const caller = options.callerForRole(spec.roleArn);
      data = (await Promise.all(spec.containers.map((container) => etags(container, caller)))).flat();
      await after(options.downloadMs ?? 1000);
      const verdict = judge(data, spec);
      const healthyAfterMs = verdict.healthyAfterMs ?? Number.POSITIVE_INFINITY;
      if (healthyAfterMs > spec.healthCheckTimeoutMs) {
        const reason = 'reason' in verdict ? verdict.reason : undefined;
        if (reason === undefined) await after(spec.healthCheckTimeoutMs);
        throw new LaunchFailure(reason ?? pingFailed(spec.containers[0]!.label, spec.variantName));
      }
      await after(healthyAfterMs);
      if (stopped) return;
      self = { spec, data };
      running.add(self);
      const lostAfterMs = 'lostAfterMs' in verdict ? verdict.lostAfterMs : undefined;
      if (lostAfterMs === undefined) return;
      deps.clock.schedule(lostAfterMs, () => {
        if (stopped) return;
        ended = true;
        running.delete(self!);
        lose('The virtual instance was lost.');
      });
    };

    async function* answer(signal: AbortSignal): AsyncGenerator<Uint8Array> {
      const body = options.answer ? options.answer(data, spec) : { instanceId: spec.instanceId, data };
      if (body !== 'hang') yield Buffer.from(JSON.stringify(body));
      else await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    }

    return {
      ready: launch(),
      lost,
      get inFlight() {
        return inFlight;
      },
      async invoke({ signal }: InvocationRequest) {
        inFlight++;
        try {
          if (options.invocationMs) await after(options.invocationMs);
          if (ended) throw new Error('The instance ended before it answered.');
          const headers = { 'content-type': 'application/json' };
          return { status: 200, headers, body: answer(signal), container: spec.containers[0]!.label };
        } finally {
          inFlight--;
          if (stopped && inFlight === 0) idle.resolve();
        }
      },
      async stop(graceMs) {
        stopped = true;
        if (inFlight > 0 && graceMs > 0) await Promise.race([idle.promise, after(graceMs)]);
        ended = true;
        if (self) running.delete(self);
      },
    };
  }

  return { start, running };
}
