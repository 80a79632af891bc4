/*
 * What the construct writes and the refresher reads. Both compile this one file, so that neither can drift.
 * No imports: it must compile under jsii and under the engine's bundler alike.
 */

/** Environment variables of the refresher's function. */
export const ENVIRONMENT = {
  /** URL of the queue of promises. */
  queueUrl: 'FRESHPOINT_QUEUE_URL',
  /** URL of the dead-letter queue: failed promises go there with their reason. */
  deadLetterQueueUrl: 'FRESHPOINT_DEAD_LETTER_QUEUE_URL',
} as const;

/** `source` of the events that the loop puts on the default EventBridge bus. */
export const EVENT_SOURCE = 'freshpoint';

/** `detail-type` of those events. */
export const EVENT_TYPES = {
  started: 'Freshpoint Refresh Started',
  succeeded: 'Freshpoint Refresh Succeeded',
  refused: 'Freshpoint Refresh Refused',
} as const;

/** CloudWatch namespace of the loop's metrics. */
export const METRICS_NAMESPACE = 'Freshpoint';

/** Body of a queue message: "look at this endpoint". It never says what to do. */
export interface ReconcileRequest {
  readonly version: 1;
  /** The endpoint's id: `<stack name>/<id of the construct in the stack>`. */
  readonly endpoint: string;
  /** ARN of the stack that is about to make the endpoint's spec: while it does, a missing spec is not a gone one. */
  readonly stackId?: string;
  /** Version of the state that the sender has just written: an older one that is read is stale, and is read again. */
  readonly stateVersion?: number;
  /** A deployment waits for an answer. */
  readonly gate?: GateRequest;
}

/** What CloudFormation asked, and until when it is answered. */
export interface GateRequest {
  readonly responseUrl: string;
  readonly stackId: string;
  readonly requestId: string;
  readonly logicalResourceId: string;
  readonly physicalResourceId: string;
  /** What the deployment's models load. */
  readonly sources: readonly SourceSpec[];
  /** Where each slot of the deployment's models loads its copies. Absent: the models load the sources themselves. */
  readonly data?: SlotData;
  /** Epoch ms: then the deployment is told that the endpoint stayed busy. */
  readonly deadline: number;
}

/** A promise for the endpoint with this id. */
export function reconcileRequest(endpoint: string): ReconcileRequest {
  return { version: 1, endpoint };
}

/** Type of the custom resource that holds a deployment until the endpoint is idle. */
export const GATE_RESOURCE_TYPE = 'Custom::FreshpointDeploymentGate';

/** So long a deployment waits for the endpoint, in seconds: CloudFormation itself gives a custom resource one hour. */
export const GATE_TIMEOUT_SECONDS = 55 * 60;

/** Properties of the custom resource. CloudFormation asks again whenever one of them changes. */
export interface GateProperties {
  /** The endpoint's id. */
  readonly Endpoint: string;
  /** JSON of the `SourceSpec[]` that the deployment's models load. */
  readonly Sources: string;
  /** JSON of the `SlotData` that the deployment's models load from. Absent: they load the sources themselves. */
  readonly Data?: string;
  /** Follows from the settings of models, configs and endpoint, without tags. */
  readonly Digest: string;
  /** Deploy-time values in those settings, which a digest of the template's text can't see. */
  readonly Values?: unknown;
}

/** Name of the SSM parameter that holds the endpoint's spec. */
export function specParameterName(endpoint: string): string {
  return `/freshpoint/${endpoint}/spec`;
}

/** Name of the SSM parameter that holds what the loop knows. */
export function stateParameterName(endpoint: string): string {
  return `/freshpoint/${endpoint}/state`;
}

/** Value of the state parameter when the stack makes it. The template never changes it again. */
export const INITIAL_STATE = '{"version":1}';

/**
 * Name of the SSM parameter that holds the history: each version of it is the record of one refresh. SSM keeps the newest
 * 100 versions.
 */
export function historyParameterName(endpoint: string): string {
  return `/freshpoint/${endpoint}/history`;
}

/** Value of the history parameter when the stack makes it: no record yet. The template never changes it again. */
export const INITIAL_HISTORY = '{"version":1}';

/** The endpoint configs of an endpoint. */
export type Slot = 'a' | 'b';

/** One S3 object that the models load. */
export interface ObjectSource {
  readonly bucket: string;
  readonly key: string;
}

/** All S3 objects below a prefix. */
export interface PrefixSource {
  readonly bucket: string;
  readonly prefix: string;
  /** Only keys that end so. Default: all. */
  readonly suffix?: string;
}

/** An S3 object or prefix that the models load, or that a bucket event filter names. */
export type SourceSpec = ObjectSource | PrefixSource;

/** Where each slot's models load their copies of the sources from: only the loop writes there. */
export interface SlotData {
  readonly bucket: string;
  /** Key prefix of all places of these sources, with a slash at the end. Other sources get another one. */
  readonly root: string;
  /** The copied sources, by the number of their place. Each is one archive; at least one. */
  readonly files: readonly ObjectSource[];
  /** Some models load other sources themselves. */
  readonly partial?: true;
}

/** Key in the data's bucket of the place from which a slot's models load the source number `index`. */
export function slotDataKey(root: string, slot: Slot, index: number): string {
  return `${root}${slot}/${index}/model.tar.gz`;
}

/** A request that an endpoint must answer as expected after each refresh. */
export interface SmokeTestSpec {
  readonly payload: string;
  readonly contentType: string;
  readonly accept?: string;
  /** Default: any answer of status 200. */
  readonly expect?: SmokeTestExpectation;
}

/** `contains`: the answer has this text in it. `json`: it is JSON that has at least these members. */
export type SmokeTestExpectation =
  | { readonly kind: 'contains'; readonly text: string }
  | { readonly kind: 'json'; readonly value: unknown };

/** What the stack declares about one endpoint: the JSON in the spec parameter. */
export interface EndpointSpec {
  readonly version: 1;
  readonly endpointName: string;
  /** ARN of the stack that declares the endpoint: while it is being deployed, nothing is swapped. */
  readonly stackId: string;
  /** Names of the two endpoint configs. */
  readonly configs: { readonly a: string; readonly b: string };
  /** At least one. */
  readonly sources: readonly SourceSpec[];
  /** Absent: both slots' models load the sources themselves. */
  readonly data?: SlotData;
  /** `full`: archives are read to their end before a swap. Default: `quick`, their beginning is. */
  readonly verification?: 'quick' | 'full';
  /** Sent to the endpoint after each swap to newer data; only with `data`. */
  readonly smokeTests?: readonly SmokeTestSpec[];
  /** URL of the refresher's queue, for a person's promise. */
  readonly queueUrl?: string;
  /** Seconds that the newest source must be old before a swap. */
  readonly waitTime: number;
  /** Seconds after which an endless stream of uploads is swapped all the same. Default: no bound. */
  readonly maxWaitTime?: number;
  /** Seconds between two looks while SageMaker or CloudFormation is at work on the endpoint. Default: 30. */
  readonly pollInterval?: number;
  /** Passed to UpdateEndpoint. */
  readonly retainAllVariantProperties: boolean;
  /** Passed to UpdateEndpoint. */
  readonly retainDeploymentConfig: boolean;
  /** Passed to UpdateEndpoint as ExcludeRetainedVariantProperties: DesiredInstanceCount, DesiredWeight, DataCaptureConfig. */
  readonly excludeRetainedVariantProperties?: readonly string[];
}
