import type { EndpointSpec, PrepareRequest, PromiseMessage, SourceSpec } from '../../cdk/src/private/contract.ts';
import type { Telling } from './policy/conclude.ts';
import type { EndpointView, SourcesView, StackView } from './policy/observation.ts';
import type { EndpointState } from './policy/state.ts';

/** What is declared and known about an endpoint, as read in one call. */
export interface Record {
  /** Absent: gone, or not made yet. */
  readonly spec?: EndpointSpec;
  readonly state: EndpointState;
  /** Version of the state parameter, 0 when there is none. */
  readonly stateVersion: number;
}

/** Spec and state, in SSM. */
export interface Records {
  /** Throws EngineError when a parameter can't be understood. */
  read(endpoint: string): Promise<Record>;
  /**
   * Writes the state, the successor of version `after`. Returns the new version.
   * Throws StateConflict, with the other writer's state put back, when somebody wrote in between.
   */
  write(endpoint: string, state: EndpointState, after: number): Promise<number>;
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
  look(sources: readonly SourceSpec[]): Promise<SourcesView>;
}

/** The stack, in CloudFormation. */
export interface Stacks {
  look(stackId: string): Promise<StackView>;
}

/** What a handled message needs of its queue. */
export interface Promises {
  /** Visible again in `seconds` (0–43200). */
  back(receiptHandle: string, seconds: number): Promise<void>;
  /** One more promise. */
  send(message: PromiseMessage): Promise<void>;
  /** To the dead-letter queue, with the reason. */
  fail(body: string, reason: string): Promise<void>;
}

/** Whoever waits for the custom resource. */
export interface Answers {
  answer(
    request: PrepareRequest,
    answer: { readonly Status: 'SUCCESS' | 'FAILED'; readonly Reason?: string },
  ): Promise<void>;
}

/** The default event bus. */
export interface Events {
  tell(endpoint: string, endpointName: string, tellings: readonly Telling[]): Promise<void>;
}

/** One line per decision, and the metrics. */
export interface Telemetry {
  decision(entry: DecisionEntry): void;
  error(endpoint: string, error: unknown, seconds: number): void;
  metric(endpoint: string, name: MetricName, value: number): void;
}

/** Metrics by name; times in seconds. */
export type MetricName = 'Swaps' | 'Quarantines' | 'UploadToServed' | 'PromisesOpen' | 'PromisesFailed';

/** The structured log line. */
export interface DecisionEntry {
  readonly endpoint: string;
  readonly decision: 'keep' | 'wait' | 'swap' | 'fail' | 'started' | 'succeeded' | 'refused';
  readonly because: string;
  readonly detail?: string;
  /** First 12 hex digits. */
  readonly revision?: string;
  readonly slot?: string;
  /** Until the next look. */
  readonly seconds?: number;
  readonly secondsFromUpload?: number;
}

/** Everything outside that the loop touches. */
export interface Ports {
  readonly records: Records;
  readonly endpoints: Endpoints;
  readonly sources: Sources;
  readonly stacks: Stacks;
  readonly promises: Promises;
  readonly answers: Answers;
  readonly events: Events;
  readonly telemetry: Telemetry;
  /** Epoch ms. */
  readonly now: () => number;
}
