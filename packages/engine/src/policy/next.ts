import type { EndpointSpec, SlotData } from '@freshpoint/cdk/contract';
import type { SlotLease } from './lease.ts';
import type { RefreshEvent } from './refresh-event.ts';
import type { RecordedUpdate, Updating } from './rollout.ts';
import type { EndpointState } from './state.ts';

/** Why a pass ended as it did: a stable code for logs, metrics and `freshpoint`. */
export type Reason =
  | 'Serving'
  | 'Quarantined'
  | 'EndpointGone'
  /** CloudFormation is deleting it, or has. */
  | 'EndpointDeleted'
  | 'StackGone'
  | 'Settling'
  /** The sources are listed in several passes. */
  | 'Listing'
  /** The archives are checked in several passes. */
  | 'Checking'
  /** Each time while they are checked or copied. */
  | 'SourceChanged'
  | 'EndpointBusy'
  | 'StackBusy'
  | 'Suspended'
  | 'SourceMissing'
  /** Something newer than the marker was uploaded. */
  | 'MarkerMissing'
  | 'UnknownConfig'
  | 'EndpointFailed'
  | 'NewRevision'
  /** Smoke tests are running. */
  | 'Testing'
  /** A person pinned the revision. */
  | 'Pinned'
  /** The serving revision failed its smoke tests. */
  | 'SmokeTestFailed'
  /** An attempt failed, and it is not the revision's fault: the next one follows. */
  | 'Retrying';

/** The part of an observation that is fetched only when a decision needs it. */
export type ObservedPart = 'sources' | 'stack' | 'slots' | 'check';

/** What the controller does next. */
export type Next =
  /** Observe this too, then decide again. */
  | { readonly kind: 'observe'; readonly what: ObservedPart }
  /** Count the attempt in the state, send the smoke tests, then decide again. */
  | { readonly kind: 'test'; readonly attempt: number; readonly update: RecordedUpdate }
  /** The reconcile request is done: it leaves the queue. */
  | { readonly kind: 'done'; readonly reason: Reason; readonly message: string; readonly revision?: string }
  /** The request goes back to the queue for `seconds`; without them, for a pause that grows. */
  | {
      readonly kind: 'requeue';
      readonly reason: Reason;
      readonly message: string;
      readonly seconds?: number;
      readonly revision?: string;
    }
  /** Write the lease to the state, store the revision, copy it to the slot, then observe again. */
  | {
      readonly kind: 'stage';
      readonly reason: Reason;
      readonly data: SlotData;
      readonly lease: SlotLease;
    }
  /** Write the update to the state, then call UpdateEndpoint. */
  | { readonly kind: 'swap'; readonly reason: Reason; readonly updating: Updating }
  /** Only a person can help: the request goes to the dead-letter queue with the reason. */
  | { readonly kind: 'stalled'; readonly reason: Reason; readonly message: string };

/** A decision about an endpoint whose earlier update is concluded. */
export interface NextStep {
  readonly next: Next;
  /** Default: unchanged. */
  readonly state?: EndpointState;
  readonly events?: readonly RefreshEvent[];
}

/** Default time between two passes while SageMaker works on the endpoint, in seconds: an event announces the end. */
const POLL_SECONDS = 300;

/**
 * Longest time between two passes during a wait whose end no event announces, as that for a stack, in seconds.
 * DescribeEndpoint every 5 s has been throttled; every 30 s is safe.
 */
export const SHORT_POLL_SECONDS = 30;

/** Pause after an answer of SageMaker or SSM that is outdated, in seconds. */
export const OUTDATED_SECONDS = 5;

/** Time between two passes while SageMaker works on the endpoint, in seconds. */
export function pollSeconds({ pollInterval }: Pick<EndpointSpec, 'pollInterval'>): number {
  return pollInterval ?? POLL_SECONDS;
}

/** Time between two passes during a wait whose end no event announces, in seconds. */
export function shortPollSeconds(spec: Pick<EndpointSpec, 'pollInterval'>): number {
  return Math.min(SHORT_POLL_SECONDS, pollSeconds(spec));
}

/** Observe something else, then decide again. */
export function observeFirst(what: ObservedPart): NextStep {
  return { next: { kind: 'observe', what } };
}

/** Wait for a known time. */
export function requeue(reason: Reason, message: string, seconds: number): NextStep {
  return { next: { kind: 'requeue', reason, message, seconds } };
}
