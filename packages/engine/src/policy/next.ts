import type { EndpointSpec } from '@freshpoint/cdk/contract';
import type { RefreshEvent } from './conclude.ts';
import type { EndpointState, Staging, Updating } from './state.ts';

/** Why a pass ended as it did: a stable code for logs, metrics and `freshpoint`. */
export type Reason =
  | 'Serving'
  | 'Quarantined'
  | 'EndpointGone'
  | 'StackGone'
  | 'Settling'
  | 'EndpointBusy'
  | 'StackBusy'
  | 'Suspended'
  | 'SourceMissing'
  | 'UnknownConfig'
  | 'EndpointFailed'
  | 'NewRevision'
  /** Smoke tests are under way. */
  | 'Testing'
  /** A person pinned the revision. */
  | 'Pinned'
  /** The revision that serves failed its smoke tests. */
  | 'SmokeTestFailed';

/** What is to be done next, for the promise and the endpoint. */
export type Next =
  /** Look at this too, then decide again. */
  | { readonly kind: 'observe'; readonly what: 'sources' | 'stack' | 'slots' | 'check' }
  /** Send the smoke tests, once the state says that this is the try of this number; then decide again. */
  | { readonly kind: 'test'; readonly nth: number }
  /** The promise is kept: it leaves the queue. */
  | { readonly kind: 'done'; readonly reason: Reason; readonly message: string; readonly revision?: string }
  /** Not kept yet: back to the queue, visible again in `seconds`; without them, after a pause that grows. */
  | {
      readonly kind: 'requeue';
      readonly reason: Reason;
      readonly message: string;
      readonly seconds?: number;
      readonly revision?: string;
    }
  /** Write that the slot is being filled, fill its place with the revision, then look again. */
  | {
      readonly kind: 'stage';
      readonly reason: Reason;
      readonly staging: Staging;
      readonly from: 'sources' | 'retained';
    }
  /** Write the intent, then UpdateEndpoint. */
  | { readonly kind: 'swap'; readonly reason: Reason; readonly updating: Updating }
  /** It can't be kept without a person: to the dead-letter queue, with the reason. */
  | { readonly kind: 'stalled'; readonly reason: Reason; readonly message: string };

/** While SageMaker or CloudFormation is at work: DescribeEndpoint every 5 s has been throttled, every 30 s is safe. */
export const POLL_SECONDS = 30;
/** A decision about an endpoint whose earlier swap is concluded. */
export interface Step {
  readonly next: Next;
  /** Default: as it was. */
  readonly state?: EndpointState;
  readonly events?: readonly RefreshEvent[];
}

/** Seconds until the next look while somebody is at work on the endpoint. */
export function pollSeconds(spec: EndpointSpec): number {
  return spec.pollInterval ?? POLL_SECONDS;
}

/** Not yet. */
export function requeue(reason: Reason, message: string, seconds: number): Step {
  return { next: { kind: 'requeue', reason, message, seconds } };
}
