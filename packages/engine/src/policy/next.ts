import type { EndpointSpec } from '@freshpoint/cdk/contract';
import type { Telling } from './conclude.ts';
import type { EndpointState, Filling, Intent } from './state.ts';

/** Why, in one word for logs and metrics. */
export type Because =
  | 'served'
  | 'quarantined'
  | 'endpoint-gone'
  | 'stack-gone'
  | 'settling'
  | 'endpoint-busy'
  | 'stack-busy'
  | 'held'
  | 'source-missing'
  | 'unknown-config'
  | 'endpoint-failed'
  | 'newer-revision'
  /** Smoke tests. */
  | 'testing'
  /** A person asked for it. */
  | 'wanted'
  /** What serves failed its smoke tests. */
  | 'condemned';

/** What is to be done next, for the promise and the endpoint. */
export type Next =
  /** Look at this too, then decide again. */
  | { readonly kind: 'observe'; readonly what: 'sources' | 'stack' | 'slots' | 'check' }
  /** Send the smoke tests, once the state says that this is the try of this number; then decide again. */
  | { readonly kind: 'test'; readonly nth: number }
  /** The promise is kept: it leaves the queue. */
  | { readonly kind: 'keep'; readonly because: Because; readonly detail: string; readonly revision?: string }
  /** Not kept yet: back to the queue, visible again in `seconds`; without them, after a pause that grows. */
  | {
      readonly kind: 'wait';
      readonly because: Because;
      readonly detail: string;
      readonly seconds?: number;
      readonly revision?: string;
    }
  /** Write that the slot is being filled, fill its place with the revision, then look again. */
  | {
      readonly kind: 'fill';
      readonly because: Because;
      readonly filling: Filling;
      readonly from: 'sources' | 'retained';
    }
  /** Write the intent, then UpdateEndpoint. */
  | { readonly kind: 'swap'; readonly because: Because; readonly intent: Intent }
  /** It can't be kept without a person: to the dead-letter queue, with the reason. */
  | { readonly kind: 'fail'; readonly because: Because; readonly detail: string };

/** While SageMaker or CloudFormation is at work: DescribeEndpoint every 5 s has been throttled, every 30 s is safe. */
export const POLL_SECONDS = 30;
/** A decision about an endpoint whose earlier swap is concluded. */
export interface Step {
  readonly next: Next;
  /** Default: as it was. */
  readonly state?: EndpointState;
  readonly tell?: readonly Telling[];
}

/** Seconds until the next look while somebody is at work on the endpoint. */
export function pollSeconds(spec: EndpointSpec): number {
  return spec.pollInterval ?? POLL_SECONDS;
}

/** Not yet. */
export function wait(because: Because, detail: string, seconds: number): Step {
  return { next: { kind: 'wait', because, detail, seconds } };
}
