import type {
  DeploymentRequest,
  EndpointSpec,
  EndpointStore,
  METRIC_NAMES,
  ObjectSource,
  ReconcileRequest,
  Slot,
  SlotData,
  SmokeTestSpec,
  SourceSpec,
} from '@freshpoint/cdk/contract';
import type { HistoryRecord, ListedRecord } from './policy/history.ts';
import type { PartialCopy } from './policy/lease.ts';
import type { ListingProgress } from './policy/listing.ts';
import type { Next } from './policy/next.ts';
import type {
  CheckView,
  EndpointView,
  SlotsView,
  SmokeTestsView,
  SourceFile,
  SourcesView,
  StackView,
} from './policy/observation.ts';
import type { RefreshEvent } from './policy/refresh-event.ts';
import type { SourceObject } from './policy/source-object.ts';
import type { StallEvent } from './policy/stalled.ts';
import type { CheckProgress, EndpointState } from './policy/state.ts';

/** A spec, as it was read. */
export interface ReadSpec extends EndpointSpec {
  /** When CloudFormation wrote it, epoch ms, by SSM's clock. */
  readonly modified: number;
}

/** What the stacks declare about endpoints, in SSM. */
export interface EndpointSpecs {
  /** Undefined: deleted, or not created yet. Throws EngineError when the parameter cannot be parsed. */
  read(endpoint: string): Promise<ReadSpec | undefined>;
}

/** A state, as it was read or written last. */
export interface StoredState {
  readonly state: EndpointState;
  /** Of the object that holds it. Absent: there is none. */
  readonly etag?: string;
}

/** The states, in S3. */
export interface EndpointStates {
  /** Undefined: there is no state. Throws EngineError when it cannot be parsed. */
  read(store: EndpointStore): Promise<StoredState | undefined>;
  /**
   * Writes the state over the version with the ETag `after`; undefined: only if there is none. Returns the new ETag.
   * Throws StateConflict when another writer came first, and for a lost reply whose retry finds its own write.
   */
  write(store: EndpointStore, state: EndpointState, after: string | undefined): Promise<string>;
}

/** The histories, in S3. */
export interface EndpointHistory {
  /** Appends a record. One that exists already stays as it is: then this is when it was written, epoch ms. */
  append(store: EndpointStore, record: HistoryRecord): Promise<number | undefined>;
  /** The newest records, at most `limit`, newest first. */
  list(store: EndpointStore, limit: number): Promise<readonly ListedRecord[]>;
}

/** The outcome of UpdateEndpoint. Any other error is thrown: then it is unknown whether the update was made. */
export type UpdateOutcome =
  /** `leftOut`: parameters that SageMaker refused by name, so the call was made without them. */
  | { readonly kind: 'accepted'; readonly leftOut?: readonly string[] }
  /** Certainly not made. `busy`: another update is in progress, or (`inUse`) this config is already in use. */
  | { readonly kind: 'rejected'; readonly busy: boolean; readonly inUse?: true; readonly error: Error };

/** The endpoint, in SageMaker. */
export interface Endpoints {
  describe(name: string): Promise<EndpointView | 'gone'>;
  update(spec: EndpointSpec, configName: string): Promise<UpdateOutcome>;
}

/**
 * The source objects, in S3, some of which the Model Registry chooses. A failed listing throws; it never counts as an
 * empty one.
 */
export interface Sources {
  observe(sources: readonly SourceSpec[], options: ObserveOptions): Promise<SourcesView | UnfinishedListing>;
  /**
   * Reads the archives with the ETags that were observed: their beginning, or with `whole` all of them. An archive that
   * cannot be read, or not within a pass, is not refused for it: there is a warning.
   */
  check(files: readonly SourceFile[], options: CheckOptions): Promise<CheckView | UnfinishedCheck>;
}

export interface ObserveOptions {
  readonly isTimeUp: () => boolean;
  /** Of an earlier listing of the same sources, to continue. */
  readonly progress?: ListingProgress;
  /** Objects that are taken for those of the sources that they belong to. */
  readonly instead?: readonly SourceObject[];
  /** The slot data that sources are copied to, which needs the permission to decrypt them. */
  readonly data?: SlotData;
}

/** Time was up before everything was listed. */
export interface UnfinishedListing {
  readonly kind: 'unfinished';
  readonly progress: ListingProgress;
}

export interface CheckOptions {
  /** Whether to read to the end, not the beginning only. */
  readonly whole: boolean;
  readonly isTimeUp: () => boolean;
  /** Of an earlier check of the same archives, to continue: the first one that is left is not put off again. */
  readonly progress?: CheckProgress;
}

/** Time was up before every archive was checked. */
export interface UnfinishedCheck {
  readonly kind: 'unfinished';
  readonly progress: CheckProgress;
}

/** An object of a revision, and where its bytes are. */
export interface StagingFile {
  readonly source: SourceFile;
  /** An immutable copy of it. Absent: the source itself. */
  readonly from?: { readonly bucket: string; readonly key: string };
}

/** A revision to be copied to a slot. */
export interface StagingJob {
  readonly store: EndpointStore;
  readonly data: SlotData;
  readonly slot: Slot;
  readonly revision: string;
  /** From which it is stored, if it is not yet. Absent: the revision store must have it. */
  readonly files?: readonly StagingFile[];
}

export interface StagingOptions {
  readonly isTimeUp: () => boolean;
  /** A multipart copy to resume. */
  readonly partialCopy?: PartialCopy;
  /** Called before the first part of a multipart copy. */
  readonly begun: (partialCopy: PartialCopy) => Promise<void>;
}

/** The outcome of staging. */
export type StagingOutcome =
  | { readonly kind: 'staged' }
  /** A source, or the slot data itself, changed in the meantime. */
  | { readonly kind: 'changed' }
  /** Time was up; the next pass resumes here. */
  | { readonly kind: 'unfinished'; readonly partialCopy?: PartialCopy }
  /** The revision store does not have the revision, or only in part. */
  | { readonly kind: 'missing' };

/** Revisions and the data of the slots, in S3. Copies are server-side: no bytes flow through the function. */
export interface RevisionStore {
  observe(data: SlotData): Promise<SlotsView>;
  /** The objects whose copies a slot holds, with the copies. */
  contents(data: SlotData, slot: Slot): Promise<readonly StagingFile[]>;
  /** The stored revisions, complete or not. */
  list(store: EndpointStore): Promise<readonly string[]>;
  /**
   * Copies a revision to the revision store, and from there to a slot: the objects that are not there yet. Throws
   * errors of S3 other than failed preconditions.
   */
  stage(job: StagingJob, options: StagingOptions): Promise<StagingOutcome>;
  /** Aborts a multipart copy that is not resumed. */
  abandon(store: EndpointStore, partialCopy: PartialCopy): Promise<void>;
  /** Removes the stored revisions that are not kept, until time is up. Only the holder of the staging lease may. */
  removeOthers(store: EndpointStore, kept: readonly string[], isTimeUp: () => boolean): Promise<void>;
}

/** What deployments store besides revisions, in S3. */
export interface CreatedObjects {
  /**
   * Copies an asset to a source. `changed`: the source has an object, or the asset has other bytes now. `unfinished`:
   * time was up, and nothing was stored.
   */
  copyAsset(asset: SourceFile, to: ObjectSource, isTimeUp: () => boolean): Promise<'copied' | 'changed' | 'unfinished'>;
  /** Removes the copy of an asset. An object that replaced it stays. */
  removeAsset(to: ObjectSource): Promise<void>;
  /** Removes everything that is stored about an endpoint. */
  removeStore(store: EndpointStore): Promise<void>;
}

/** The endpoint's answers, from SageMaker's runtime. */
export interface SmokeTests {
  /** Sends every test to every variant. Never throws: a test that could not be sent is unanswered. */
  run(endpointName: string, variants: readonly string[], tests: readonly SmokeTestSpec[]): Promise<SmokeTestsView>;
}

/** The stack, in CloudFormation. */
export interface CloudFormationStacks {
  describe(stackId: string): Promise<StackView>;
}

/** The queue of reconcile requests. */
export interface WorkQueue {
  /** For how long requests are gathered before the function is invoked with them, in seconds. */
  readonly batchingWindow: number;
  /** Brings the message back in `seconds` (12 hours at most), after the batching window at the earliest. */
  requeue(receiptHandle: string, seconds: number): Promise<void>;
  /** Sends one more request. */
  enqueue(message: ReconcileRequest): Promise<void>;
  /** Sends the message to the dead-letter queue, with the reason. */
  deadLetter(body: string, reason: string): Promise<void>;
}

/** In CloudFormation's spelling. */
export interface CustomResourceResponse {
  readonly Status: 'SUCCESS' | 'FAILED';
  readonly Reason?: string;
}

/** Responses to CloudFormation's custom resource requests. */
export interface CustomResourceResponses {
  respond(request: DeploymentRequest, response: CustomResourceResponse): Promise<void>;
}

/** The default event bus. */
export interface EventBus {
  publish(endpoint: string, endpointName: string, events: readonly (RefreshEvent | StallEvent)[]): Promise<void>;
}

/** One line per decision, and the metrics. */
export interface Telemetry {
  decision(entry: DecisionEntry): void;
  error(endpoint: string, error: unknown, seconds: number): void;
  /** `endpoint` is empty for what belongs to none. */
  metric(endpoint: string, name: MetricName, value: number): void;
}

/** The name of one of the controller's metrics. */
export type MetricName = (typeof METRIC_NAMES)[keyof typeof METRIC_NAMES];

/** The structured log line. */
export interface DecisionEntry {
  readonly endpoint: string;
  readonly decision: Exclude<Next['kind'], 'observe' | 'test'> | RefreshEvent['type'] | StallEvent['type'];
  readonly reason: string;
  readonly message?: string;
  /** First 12 hex digits. */
  readonly revision?: string;
  readonly slot?: string;
  /** Until the next pass. */
  readonly seconds?: number;
  readonly secondsFromUpload?: number;
}

/** Everything outside that the controller touches. */
export interface Ports {
  readonly specs: EndpointSpecs;
  readonly states: EndpointStates;
  readonly history: EndpointHistory;
  readonly endpoints: Endpoints;
  readonly sources: Sources;
  readonly revisions: RevisionStore;
  readonly created: CreatedObjects;
  readonly smokeTests: SmokeTests;
  readonly stacks: CloudFormationStacks;
  readonly queue: WorkQueue;
  /** Unique id of the function's role, by which it knows its own messages. */
  readonly roleId: string;
  readonly responses: CustomResourceResponses;
  readonly eventBus: EventBus;
  readonly telemetry: Telemetry;
  /** Epoch ms. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}
