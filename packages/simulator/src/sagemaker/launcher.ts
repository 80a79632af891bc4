import type { Caller } from '../core/cloud.ts';

/** A container of an instance, as CreateModel describes it. */
export interface ContainerSpec {
  /** `container_1`, …: its name in SageMaker's messages about model data. */
  readonly name: string;
  /** `primary` or its hostname: its name in SageMaker's messages about health checks and responses. */
  readonly label: string;
  readonly image?: string;
  readonly environment: Readonly<Record<string, string>>;
  /** In mode MultiModel, its URI is the prefix of the models. */
  readonly modelData?: S3Data;
  readonly mode: 'SingleModel' | 'MultiModel';
}

/** Location of model data, in SageMaker's terms. */
export interface S3Data {
  readonly uri: string;
  readonly type: 'S3Prefix' | 'S3Object';
  readonly compression: 'None' | 'Gzip';
}

/** A `model.tar.gz`. */
export const archiveAt = (uri: string): S3Data => ({ uri, type: 'S3Object', compression: 'Gzip' });

/** Describes an instance to launch. */
export interface InstanceSpec {
  readonly endpointName: string;
  readonly variantName: string;
  readonly instanceId: string;
  readonly containers: readonly ContainerSpec[];
  /** True: each container's response is the next one's request. False: a request names its container. */
  readonly pipeline: boolean;
  /** The model's execution role, with whose permissions model data is read. */
  readonly caller: Caller;
  readonly healthCheckTimeoutMs: number;
  readonly downloadTimeoutMs: number;
}

/** An invocation, as a container gets it. Header names are in lower case. */
export interface InvocationRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Hostname of the container. Absent: the first container, or the whole pipeline. */
  readonly targetContainer?: string;
  /** In mode MultiModel: the archive below the prefix. */
  readonly targetModel?: string;
  /** Aborted at the invocation timeout, or when the caller goes away. */
  readonly signal: AbortSignal;
}

/** A container's response. The request is in flight until `body`, unless it is there already, is read or closed. */
export interface InvocationResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
  /** The label of the container that answered. */
  readonly container: string;
}

/** A running copy of a model. */
export interface Instance {
  /** Resolves when every container has passed its first health check; rejects with LaunchFailure. */
  readonly ready: Promise<void>;
  /** Resolves with the cause when an instance that was ready can no longer serve. Never after `stop`. */
  readonly lost: Promise<string>;
  /** Number of requests in flight. */
  readonly inFlight: number;
  /** The request is in flight from the call on. Throws NotSent if no byte reached the container. */
  invoke(request: InvocationRequest): Promise<InvocationResponse>;
  /**
   * Waits up to `graceMs` for the requests in flight, then ends the instance and removes its data. Can be called at any
   * time; of several calls the shortest wait applies. Never rejects.
   */
  stop(graceMs: number): Promise<void>;
}

/** Launches instances: child processes in the local runtime, virtual ones in the simulation. */
export interface InstanceLauncher {
  /** Starts to launch an instance, which reads the model data as it is now. Never throws. */
  start(spec: InstanceSpec): Instance;
}

/** Why an instance did not become healthy; `reason` becomes the endpoint's FailureReason. */
export class LaunchFailure extends Error {
  readonly reason: string;

  constructor(reason: string, cause?: unknown) {
    super(reason, cause === undefined ? undefined : { cause });
    this.name = 'LaunchFailure';
    this.reason = reason;
  }
}

/** The request did not reach the container, so another instance can take it. */
export class NotSent extends Error {
  constructor(cause: unknown) {
    super('The request did not reach the container.', { cause });
    this.name = 'NotSent';
  }
}
