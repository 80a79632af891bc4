import type {
  EndpointSpec,
  GateRequest,
  ReconcileRequest,
  Slot,
  SlotData,
  SmokeTestSpec,
  SourceSpec,
} from '@freshpoint/cdk/contract';
import type { RefreshEvent } from './policy/conclude.ts';
import type { HistoryRecord } from './policy/history.ts';
import type {
  CheckView,
  EndpointView,
  SlotsView,
  SmokeTestsView,
  SourceFile,
  SourcesView,
  StackView,
} from './policy/observation.ts';
import type { EndpointState, PartialCopy } from './policy/state.ts';

/** What is declared and known about an endpoint, as read in one call. */
export interface EndpointRecord {
  /** Absent: gone, or not made yet. */
  readonly spec?: EndpointSpec;
  readonly state: EndpointState;
  /** Version of the state parameter, 0 when there is none. */
  readonly stateVersion: number;
  /** Id of the newest record of the history. */
  readonly lastRecord?: string;
}

/** Spec, state and history, in SSM. */
export interface EndpointRecords {
  /** Throws EngineError when a parameter can't be understood. */
  read(endpoint: string): Promise<EndpointRecord>;
  /**
   * Writes the state, the successor of version `after`. Returns the new version.
   * Throws StateConflict, with the other writer's state put back, when somebody wrote in between.
   */
  write(endpoint: string, state: EndpointState, after: number): Promise<number>;
  /** Adds to the history. */
  appendHistory(endpoint: string, record: HistoryRecord): Promise<void>;
}

/** What became of a call of UpdateEndpoint. Anything else is thrown: then it isn't known whether it was made. */
export type UpdateOutcome =
  | { readonly kind: 'accepted' }
  /** Certainly not made. `busy`: another update is under way, or this config is in use already. */
  | { readonly kind: 'rejected'; readonly busy: boolean; readonly error: Error };

/** The endpoint, in SageMaker. */
export interface Endpoints {
  describe(name: string): Promise<EndpointView | 'gone'>;
  update(spec: EndpointSpec, configName: string): Promise<UpdateOutcome>;
}

/** The source objects, in S3. A failed listing throws: it is never an empty one. */
export interface Sources {
  observe(sources: readonly SourceSpec[]): Promise<SourcesView>;
  /**
   * Reads the archives, as they were looked at: their beginning, or with `whole` all that `isTimeUp` leaves time for.
   * What can't be read is no reason to refuse.
   */
  check(
    files: readonly SourceFile[],
    options: { readonly whole: boolean; readonly isTimeUp: () => boolean },
  ): Promise<CheckView>;
}

/** Where a place's bytes come from. */
export type StagingSource =
  | { readonly kind: 'sources'; readonly files: readonly SourceFile[] }
  /** The other slot's place, as it is. */
  | { readonly kind: 'slot'; readonly slot: Slot }
  /** What the places held once: noncurrent versions of either slot's. */
  | { readonly kind: 'retained' };

/** What became of filling a place. */
export type StagingOutcome =
  | { readonly kind: 'staged' }
  /** A source, or the place itself, was written meanwhile. */
  | { readonly kind: 'changed' }
  /** Time was up; the next one goes on there. */
  | { readonly kind: 'unfinished'; readonly partialCopy?: PartialCopy }
  /** No version of the places holds the revision any more. */
  | { readonly kind: 'not-retained' };

/** The slots' places, in S3. Nothing flows through the function. */
export interface SlotStore {
  observe(data: SlotData): Promise<SlotsView>;
  /** The sources whose copies lie in a slot's place. */
  contents(data: SlotData, slot: Slot): Promise<readonly SourceFile[]>;
  /** Copies what isn't there yet. Throws errors of S3 other than failed preconditions. */
  stage(
    data: SlotData,
    slot: Slot,
    revision: string,
    from: StagingSource,
    options: {
      readonly isTimeUp: () => boolean;
      readonly partialCopy?: PartialCopy;
      /** Called before the first part of a multipart copy. */
      readonly begun: (partialCopy: PartialCopy) => Promise<void>;
    },
  ): Promise<StagingOutcome>;
}

/** The endpoint's answers, from SageMaker's runtime. */
export interface SmokeTests {
  /** Sends every test to every variant. Never throws: what could not be asked is unanswered. */
  run(endpointName: string, variants: readonly string[], tests: readonly SmokeTestSpec[]): Promise<SmokeTestsView>;
}

/** The stack, in CloudFormation. */
export interface Stacks {
  describe(stackId: string): Promise<StackView>;
}

/** What a handled message needs of its queue. */
export interface WorkQueue {
  /** Visible again in `seconds` (0–43200). */
  requeue(receiptHandle: string, seconds: number): Promise<void>;
  /** One more promise. */
  enqueue(message: ReconcileRequest): Promise<void>;
  /** To the dead-letter queue, with the reason. */
  deadLetter(body: string, reason: string): Promise<void>;
}

/** Whoever waits for the custom resource. */
export interface CustomResourceResponses {
  respond(
    request: GateRequest,
    answer: { readonly Status: 'SUCCESS' | 'FAILED'; readonly Reason?: string },
  ): Promise<void>;
}

/** The default event bus. */
export interface EventBus {
  publish(endpoint: string, endpointName: string, events: readonly RefreshEvent[]): Promise<void>;
}

/** One line per decision, and the metrics. */
export interface Telemetry {
  decision(entry: DecisionEntry): void;
  error(endpoint: string, error: unknown, seconds: number): void;
  metric(endpoint: string, name: MetricName, value: number): void;
}

/** Metrics by name; times in seconds. */
export type MetricName = 'Swaps' | 'Quarantines' | 'UploadToServed' | 'ReconcilesRequeued' | 'ReconcilesStalled';

/** The structured log line. */
export interface DecisionEntry {
  readonly endpoint: string;
  readonly decision:
    | 'done'
    | 'requeue'
    | 'stage'
    | 'swap'
    | 'stalled'
    | 'started'
    | 'succeeded'
    | 'refused'
    | 'deployed';
  readonly reason: string;
  readonly message?: string;
  /** First 12 hex digits. */
  readonly revision?: string;
  readonly slot?: string;
  /** Until the next look. */
  readonly seconds?: number;
  readonly secondsFromUpload?: number;
}

/** Everything outside that the loop touches. */
export interface Ports {
  readonly records: EndpointRecords;
  readonly endpoints: Endpoints;
  readonly sources: Sources;
  readonly slotStore: SlotStore;
  readonly smokeTests: SmokeTests;
  readonly stacks: Stacks;
  readonly queue: WorkQueue;
  readonly responses: CustomResourceResponses;
  readonly eventBus: EventBus;
  readonly telemetry: Telemetry;
  /** Epoch ms. */
  readonly now: () => number;
}
