/** One container of an instance, as CreateModel described it. */
export interface ContainerSpec {
  /** `container_1`, …: what SageMaker calls it in messages about its data. */
  readonly name: string;
  /** `primary`, or the container's host name: what SageMaker calls it in messages about its health and answers. */
  readonly label: string;
  readonly image?: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The `model.tar.gz`, or with MultiModel the prefix under which the models lie. */
  readonly modelDataUrl?: string;
  readonly modelDataSource?: S3Data;
  readonly mode: 'SingleModel' | 'MultiModel';
}

/** Where uncompressed or compressed model data lies, in SageMaker's own terms. */
export interface S3Data {
  readonly uri: string;
  readonly type: 'S3Prefix' | 'S3Object';
  readonly compression: 'None' | 'Gzip';
}

/** What an instance is to run. */
export interface InstanceSpec {
  readonly endpointName: string;
  readonly variantName: string;
  readonly instanceId: string;
  /** Run in this order; with `pipeline` an answer is the next one's request, else a request names its container. */
  readonly containers: readonly ContainerSpec[];
  readonly pipeline: boolean;
  /** The model's execution role: model data is read with its permissions. */
  readonly roleArn: string;
  readonly healthCheckTimeoutMs: number;
  readonly downloadTimeoutMs: number;
}

/** A request for prediction as a container sees it. Header names are in lower case. */
export interface InvocationRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Absent: the first container, or all of a pipeline. */
  readonly targetContainer?: string;
  /** With MultiModel: the archive below the prefix. */
  readonly targetModel?: string;
  /** Aborted when the time for an invocation is over or the caller has gone. */
  readonly signal: AbortSignal;
}

/** What a container answered. `body` must be read to its end or closed: until then the request counts as in flight. */
export interface InvocationResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
  /** The label of the container that answered. */
  readonly container: string;
}

/** A running copy of a model. */
export interface Instance {
  /** Resolves when every container has passed its first health check; rejects with LaunchFailure. */
  readonly ready: Promise<void>;
  /** Resolves, with the cause, when an instance that was ready is no longer able to serve. Never after `stop`. */
  readonly lost: Promise<string>;
  /** Requests not yet answered in full. */
  readonly inFlight: number;
  /** Counts as in flight from the call on. Throws NotSent when no byte reached the container. */
  invoke(request: InvocationRequest): Promise<InvocationResponse>;
  /** Waits up to `graceMs` for the requests in flight, then ends the instance and removes what it kept. May be called at any time; never rejects; of several calls the shortest wait counts. */
  stop(graceMs: number): Promise<void>;
}

/** Where instances come from: child processes at the edge, virtual ones in the simulation. */
export interface InstanceLauncher {
  /** Begins to launch; never throws. The model data is read as it is now. */
  start(spec: InstanceSpec): Instance;
}

/** Why an instance did not become healthy; `reason` is what the endpoint's FailureReason says. */
export class LaunchFailure extends Error {
  readonly reason: string;

  constructor(reason: string, cause?: unknown) {
    super(reason, cause === undefined ? undefined : { cause });
    this.name = 'LaunchFailure';
    this.reason = reason;
  }
}

/** The request did not reach the container, so that another instance can take it. */
export class NotSent extends Error {
  constructor(cause: unknown) {
    super('The request did not reach the container.', { cause });
    this.name = 'NotSent';
  }
}
