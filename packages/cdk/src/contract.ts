/*
 * The names and shapes that the construct and the refresher's function share. Both compile this one file, so neither
 * can drift. No imports: it must compile under jsii and under the engine's bundler alike.
 */

/** Names of the environment variables of the refresher's function. */
export const ENVIRONMENT = {
  /** URL of the work queue. */
  queueUrl: 'FRESHPOINT_QUEUE_URL',
  /** URL of the dead-letter queue, which receives stalled requests with a reason. */
  deadLetterQueueUrl: 'FRESHPOINT_DEAD_LETTER_QUEUE_URL',
  /** ARN of the function's role, for messages. */
  roleArn: 'FRESHPOINT_ROLE_ARN',
  /** Unique id of the function's role: SQS names it as the sender of the function's own messages. */
  roleId: 'FRESHPOINT_ROLE_ID',
  /** For how long requests are gathered before the function is invoked with them, in seconds. */
  batchingWindow: 'FRESHPOINT_BATCHING_WINDOW_SECONDS',
} as const;

/** `source` of the events that the controller puts on the default EventBridge bus. */
export const EVENT_SOURCE = 'freshpoint';

/** `detail-type` of those events. */
export const EVENT_TYPES = {
  started: 'Freshpoint Refresh Started',
  succeeded: 'Freshpoint Refresh Succeeded',
  refused: 'Freshpoint Refresh Refused',
  /** The revision that a person rolled back was uploaded again: the pin stays. */
  passedOver: 'Freshpoint Upload Passed Over',
  /** Something other than the revision itself has kept the newest one from being served for `stalledAfter`. */
  stalled: 'Freshpoint Refresh Stalled',
  /** That has ended. */
  recovered: 'Freshpoint Refresh Recovered',
} as const;

/** CloudWatch namespace of the controller's metrics. */
export const METRICS_NAMESPACE = 'Freshpoint';

/** The controller's metrics; times in seconds. */
export const METRIC_NAMES = {
  swaps: 'Swaps',
  quarantines: 'Quarantines',
  uploadToServed: 'UploadToServed',
  reconcilesRequeued: 'ReconcilesRequeued',
  reconcilesStalled: 'ReconcilesStalled',
  /** 1 while an endpoint is stalled, 0 when that ends; also with the dimension `refresher`. */
  stalled: 'Stalled',
  messagesUnreadable: 'MessagesUnreadable',
} as const;

/** Dimensions of the metrics: of an endpoint by its id, of a refresher by the name of its function. */
export const METRIC_DIMENSIONS = { service: 'service', endpoint: 'Endpoint', refresher: 'Refresher' } as const;

/** Value of the dimension `service`. */
export const METRICS_SERVICE = 'freshpoint';

/** Body of a queue message: "reconcile this endpoint". It names an endpoint, never an action. */
export interface ReconcileRequest {
  readonly version: 1;
  /** The endpoint's id: `<stack name>/<id of the construct in the stack>`. */
  readonly endpoint: string;
  /** ARN of the stack that creates the endpoint. While it is being deployed, a missing spec does not mean deleted. */
  readonly stackId?: string;
  /** Present when a deployment waits at the deployment gate. Accepted only from the function itself. */
  readonly gate?: GateRequest;
  /** Present when a deployment waits for its confirmation. Accepted only from the function itself. */
  readonly confirmation?: ConfirmationRequest;
}

/** What CloudFormation does with a custom resource. */
export type DeploymentRequestType = 'Create' | 'Update' | 'Delete';

/** A request of CloudFormation to one of an endpoint's custom resources, which is answered at `responseUrl`. */
export interface DeploymentRequest {
  readonly type: DeploymentRequestType;
  readonly responseUrl: string;
  readonly stackId: string;
  readonly requestId: string;
  readonly logicalResourceId: string;
  readonly physicalResourceId: string;
  /** Where state and history are stored once the deployment is done. */
  readonly store: EndpointStore;
  /** The sources of the deployment's models. */
  readonly sources: readonly SourceSpec[];
  /** The slot data of the deployment's models. Absent: the models load the sources in place. */
  readonly data?: SlotData;
  /** Copied to the sources that have no object yet. */
  readonly initialData?: readonly InitialModelData[];
  /** Epoch ms. From then on a pass answers, also where it would wait. */
  readonly deadline: number;
}

/** A request to the deployment gate: may models and configs be created, and the endpoint be updated? */
export type GateRequest = DeploymentRequest;

/** A request to the deployment confirmation: does the endpoint run what was deployed? */
export interface ConfirmationRequest extends DeploymentRequest {
  readonly endpointName: string;
  /** Names of the deployment's endpoint configs. */
  readonly configs: { readonly a: string; readonly b: string };
}

/** A request to reconcile the endpoint with this id. */
export function reconcileRequest(endpoint: string): ReconcileRequest {
  return { version: 1, endpoint };
}

/** CloudFormation's request in a message; undefined: a pass is requested. */
export function deploymentRequestIn(message: Partial<ReconcileRequest>): DeploymentRequest | undefined {
  return message.gate ?? message.confirmation;
}

/** Type of the custom resource that makes a deployment wait until the endpoint is idle. */
export const GATE_RESOURCE_TYPE = 'Custom::FreshpointDeploymentGate';

/** Type of the custom resource that confirms that the endpoint runs what was deployed. */
export const CONFIRMATION_RESOURCE_TYPE = 'Custom::FreshpointDeploymentConfirmation';

/**
 * How long a deployment waits for the endpoint, in seconds. CloudFormation gives a custom resource one hour; the rest
 * of it is for a pass that dies at the function's timeout, whose message is visible again six minutes later.
 */
export const DEPLOYMENT_TIMEOUT_SECONDS = 50 * 60;

/** Properties of the deployment gate. CloudFormation updates it when one of them changes. */
export interface GateProperties {
  /** The endpoint's id. */
  readonly Endpoint: string;
  /** JSON of the `EndpointStore`. */
  readonly Store: string;
  /** JSON of the `SourceSpec[]` of the deployment's models. */
  readonly Sources: string;
  /** JSON of the `SlotData` of the deployment's models. Absent: the models load the sources in place. */
  readonly Data?: string;
  /** JSON of the `InitialModelData[]`. Absent: none. */
  readonly InitialData?: string;
  /**
   * JSON of the names of the buckets that the endpoint's own stack creates. If the creation of the stack fails, the
   * gate removes from them what the refresher stored, so that CloudFormation can delete them. Absent: none.
   */
  readonly CreatedBuckets?: string;
  /** Digest of the settings of models, configs and endpoint, tags included. */
  readonly Digest: string;
  /** Deploy-time values in those settings. A digest of the template's text does not cover them. */
  readonly Values?: unknown;
}

/** Properties of the deployment confirmation. It changes with the gate, so it confirms what the gate admitted. */
export interface ConfirmationProperties extends GateProperties {
  readonly EndpointName: string;
  /** JSON of the names of the endpoint configs, by slot. */
  readonly Configs: string;
}

/** Name of the SSM parameter that holds the endpoint's spec. */
export function specParameterName(endpoint: string): string {
  return `/freshpoint/${endpoint}/spec`;
}

/** Where the controller keeps what it knows about one endpoint. Only it and the CLI write there. */
export interface EndpointStore {
  readonly bucket: string;
  /** Key prefix of the endpoint, with a slash at the end. */
  readonly prefix: string;
}

/** The key prefix of all that is stored about an endpoint. */
export function storePrefix(endpoint: string): string {
  return `${endpoint}/`;
}

/** Key of the object that holds the endpoint's state, which is only written over the version that was read. */
export function stateKey({ prefix }: EndpointStore): string {
  return `${prefix}state.json`;
}

/** Key prefix of the endpoint's history: one immutable object per ended refresh, whose names sort by time. */
export function historyPrefix({ prefix }: EndpointStore): string {
  return `${prefix}history/`;
}

/** Key prefix of the endpoint's revision store: one immutable folder per revision. */
export function revisionsPrefix({ prefix }: EndpointStore): string {
  return `${prefix}revisions/`;
}

/** Key prefix of one stored revision. */
export function revisionPrefix(store: EndpointStore, revision: string): string {
  return `${revisionsPrefix(store)}${revision}/`;
}

/** Key prefix of the data of both slots. */
export function slotsPrefix({ prefix }: EndpointStore): string {
  return `${prefix}slots/`;
}

/** One of the two endpoint configs of an endpoint. */
export type Slot = 'a' | 'b';

/** A source that is one S3 object. */
export interface ObjectSource {
  readonly bucket: string;
  readonly key: string;
}

/** A source that is all S3 objects below a prefix. */
export interface PrefixSource {
  readonly bucket: string;
  readonly prefix: string;
  /** Only keys with this suffix. Default: all keys. */
  readonly suffix?: string;
}

/** A source that is the newest S3 object whose key has this prefix and suffix; of several, the last by key. */
export interface NewestSource {
  readonly bucket: string;
  readonly newestBelow: string;
  readonly suffix: string;
}

/** A source that is the S3 object which the text of another object, the pointer, names by its URI. */
export interface PointerSource {
  readonly bucket: string;
  /** Key of the pointer. */
  readonly pointer: string;
  /** Names of the buckets that the object may be in. */
  readonly targets: readonly string[];
}

/**
 * A source that is the model data of one container of a model package: the newest one of a group of the Model Registry
 * whose ModelApprovalStatus is Approved.
 */
export interface PackageSource {
  /** Name of the model package group; its ARN if it is in another account. */
  readonly packageGroup: string;
  readonly container: PackageContainer;
  /** Names of the buckets that the object may be in. */
  readonly targets: readonly string[];
}

/** Which container of a package belongs to a container of a model. */
export interface PackageContainer {
  /** Position of the container in the model. */
  readonly index: number;
  /** Number of containers of the model. */
  readonly count: number;
  /** ContainerHostname of the container in the model. Absent: it has none. */
  readonly hostname?: string;
}

/** A source that is one archive, however it is chosen. */
export type ArchiveSource = ObjectSource | NewestSource | PointerSource | PackageSource;

/** A source that is the uncompressed files below a prefix, which are copied one by one. */
export interface FolderSource {
  readonly bucket: string;
  /** The prefix, with a slash at the end. */
  readonly folder: string;
}

/** A source that is copied to slots. */
export type SlotSource = ArchiveSource | FolderSource;

/** Not a source itself: an object that is written after the others. A refresh waits until it is as new as they are. */
export interface MarkerSource {
  readonly bucket: string;
  /** Key of the marker. */
  readonly marker: string;
}

/** What the models load, a prefix in the filter of a bucket event, or the marker of all of them. */
export type SourceSpec = SlotSource | PrefixSource | MarkerSource;

/** A source as messages name it: by its URI, in which `*` is any text, or by its model package group. */
export function uriOf(source: SourceSpec): string {
  if ('key' in source) return `s3://${source.bucket}/${source.key}`;
  if ('marker' in source) return `s3://${source.bucket}/${source.marker}`;
  if ('pointer' in source) return `s3://${source.bucket}/${source.pointer}`;
  if ('packageGroup' in source) return packageText(source);
  if ('folder' in source) return `s3://${source.bucket}/${source.folder}*`;
  const prefix = 'newestBelow' in source ? source.newestBelow : source.prefix;
  return `s3://${source.bucket}/${prefix}*${source.suffix ?? ''}`;
}

/** The group and, if the model has several containers, which of them. */
function packageText({ packageGroup, container }: PackageSource): string {
  const { index, count, hostname } = container;
  const group = packageGroup.startsWith('arn:') ? packageGroup : `model-package-group/${packageGroup}`;
  return count === 1 ? group : `${group}#${hostname ?? `${index + 1} of ${count}`}`;
}

/** An S3 asset that is copied to a source while there is no object. */
export interface InitialModelData {
  readonly from: ObjectSource;
  readonly to: ObjectSource;
}

/** Where each slot's models load their copies of the sources. Only the controller writes there. */
export interface SlotData {
  readonly bucket: string;
  /** Key prefix of the slot data of both slots, with a slash at the end. Other sources get another root. */
  readonly root: string;
  /** The copied sources, at least one; `slotDataKey` and `slotDataFolder` refer to them by index. */
  readonly files: readonly SlotSource[];
  /** Present when some models load other sources in place. */
  readonly partial?: true;
}

/** Key of the copy of the source `files[index]` below the prefix of a slot's data or of a stored revision. */
export function modelDataKey(prefix: string, index: number): string {
  return `${prefix}${index}/model.tar.gz`;
}

/** Key prefix of one slot's data. */
export function slotPrefix(root: string, slot: Slot): string {
  return `${root}${slot}/`;
}

/** Key prefix, ending with a slash, from which a slot's models load the source `files[index]` that is a folder. */
export function slotDataFolder(root: string, slot: Slot, index: number): string {
  return `${slotPrefix(root, slot)}${index}/`;
}

/** Key from which a slot's models load the source `files[index]` that is an archive. */
export function slotDataKey(root: string, slot: Slot, index: number): string {
  return modelDataKey(slotPrefix(root, slot), index);
}

/** Key of the object that says which revision a slot's data holds. It is written last. */
export function slotRecordKey(root: string, slot: Slot): string {
  return `${slotPrefix(root, slot)}slot.json`;
}

/** Key of the object that says that a revision is stored completely, and from which sources. It is written last. */
export function revisionRecordKey(store: EndpointStore, revision: string): string {
  return `${revisionPrefix(store, revision)}revision.json`;
}

/** Default number of revisions in the revision store. */
export const DEFAULT_RETAIN_REVISIONS = 5;

/** Time limit of one answer to a smoke test, in seconds, where the test does not set one. */
export const SMOKE_TEST_TIMEOUT_SECONDS = 10;

/** How many wrong answers in a row fail a smoke test that does not set a number. */
export const SMOKE_TEST_TRIES = 2;

/**
 * Upper bound of a smoke test's time limit times its tries, in seconds. SageMaker gives a container 60 s; the
 * function's own timeout is 60 s, too, and leaves the rest of the pass 20 s.
 */
export const MAX_SMOKE_TEST_SECONDS = 40;

/** A request that the endpoint must answer as expected after each refresh. */
export interface SmokeTestSpec {
  readonly payload: string;
  readonly contentType: string;
  readonly accept?: string;
  /** Default: any response with status 200. */
  readonly expect?: SmokeTestExpectation;
  /** Time limit of one answer, in seconds. Default: `SMOKE_TEST_TIMEOUT_SECONDS`. */
  readonly timeout?: number;
  /** How many wrong answers in a row fail the test. Default: `SMOKE_TEST_TRIES`. */
  readonly tries?: number;
}

/** `contains`: the response contains this text. `json`: the response is JSON with at least these members. */
export type SmokeTestExpectation =
  | { readonly kind: 'contains'; readonly text: string }
  | { readonly kind: 'json'; readonly value: unknown };

/** The JSON in the spec parameter: what the stack declares about one endpoint. */
export interface EndpointSpec {
  readonly version: 1;
  readonly endpointName: string;
  /** ARN of the stack that declares the endpoint. While the stack is being deployed, nothing is swapped. */
  readonly stackId: string;
  /** Where state and history are stored. */
  readonly store: EndpointStore;
  /** Names of the two endpoint configs. */
  readonly configs: { readonly a: string; readonly b: string };
  /** At least one. */
  readonly sources: readonly SourceSpec[];
  /** Absent: the models of both slots load the sources in place. */
  readonly data?: SlotData;
  /** Revisions that stay in the revision store, those in the slots included. Default: 5. */
  readonly retainRevisions?: number;
  /** How much of each archive is read before a swap: `quick`, its beginning; `full`, all of it. Default: `quick`. */
  readonly verification?: 'quick' | 'full';
  /** Sent to the endpoint after each swap to newer data. Requires `data`. */
  readonly smokeTests?: readonly SmokeTestSpec[];
  /** URL of the work queue, to which the CLI sends reconcile requests. */
  readonly queueUrl?: string;
  /** Minimum age of the newest source before a swap, in seconds. */
  readonly waitTime: number;
  /** Upper bound of that wait under continuous uploads, in seconds. Default: unbounded. */
  readonly maxWaitTime?: number;
  /** Seconds between two passes while SageMaker updates the endpoint, if no event announces the end. Default: 300. */
  readonly pollInterval?: number;
  /** Seconds for which the newest revision may be blocked before that is published. Default: 1800. */
  readonly stalledAfter?: number;
  /** Passed to UpdateEndpoint. */
  readonly retainAllVariantProperties: boolean;
  /** Passed to UpdateEndpoint. */
  readonly retainDeploymentConfig: boolean;
  /** Passed to UpdateEndpoint as ExcludeRetainedVariantProperties. */
  readonly excludeRetainedVariantProperties?: readonly string[];
}
