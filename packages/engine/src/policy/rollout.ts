import type { Slot } from '@freshpoint/cdk/contract';

/**
 * A revision on its way to the endpoint, in one of four phases. Each phase has a file in phases/, which decides what
 * moves the rollout on; docs/architecture.md has the diagram. Absent from the state: there is nothing to roll out.
 */
export type Rollout = Settling | Staging | Updating | Testing;

/** A rollout whose update is recorded in the state: SageMaker may be making it, or have made it. */
export type RecordedUpdate = Updating | Testing;

/**
 * Why a revision is rolled out: newer data was uploaded, a person pinned it, or the serving revision failed its smoke
 * tests.
 */
export type Trigger = 'upload' | 'pin' | 'smoke-test';

/** What a rollout has in each phase. */
export interface RolloutBase {
  readonly revision: string;
  readonly trigger: Trigger;
  /**
   * When the controller was first asked for the revision, or saw without being asked that it ought to be served, epoch
   * ms. S3 dates a multipart upload by its start, so LastModified alone is not enough.
   */
  readonly seen: number;
  /** When the first revision of an unbroken stream of uploads was seen, epoch ms: maxWaitTime counts from here. */
  readonly since: number;
}

/** First phase: the revision waits until nothing newer is uploaded. A rollback does not settle. */
export interface Settling extends RolloutBase {
  readonly phase: 'settling';
  readonly trigger: 'upload';
  /** When a pass first read the revision, epoch ms: what changed since `seen` may be in it. Absent: that was `seen`. */
  readonly readAt?: number;
}

/** What was uploaded while the endpoint is being updated, as a pass read it last. */
export interface Upcoming extends Settling {
  /** LastModified of its newest source, epoch ms. */
  readonly newest: number;
}

/** Second phase: the revision is copied to the inactive slot, under the lease. Data in place is not staged. */
export interface Staging extends RolloutBase {
  readonly phase: 'staging';
  readonly slot: Slot;
  /** An oddity of the revision that is no reason to refuse it. */
  readonly warning?: string;
}

/** The update to make, and what shows later whether it was made. */
interface UpdateRecord extends RolloutBase {
  readonly slot: Slot;
  readonly configName: string;
  readonly newestSource: number;
  /** Bytes of all sources of the revision. */
  readonly size?: number;
  /** An oddity of the revision that is no reason to refuse it. */
  readonly warning?: string;
  /** LastModifiedTime of the endpoint before the call, epoch ms. */
  readonly endpointModified: number;
  /** FailureReason of the endpoint before the call: SageMaker keeps it until the next update. */
  readonly failureReasonBefore?: string;
  /** When it was recorded, epoch ms, the controller's clock. */
  readonly at: number;
  /** SageMaker accepted the call. Absent: unknown. */
  readonly accepted?: true;
  /** The endpoint was in service on the config, and is being updated by others since. */
  readonly reached?: true;
  /** Since when DescribeEndpoint does not show the accepted call, epoch ms. */
  readonly unshownSince?: number;
  /**
   * When an earlier update to the same revision was recorded that may have reached SageMaker unnoticed, epoch ms: both
   * are one refresh. Absent: there was none.
   */
  readonly repeatsAt?: number;
  /** An earlier update to another revision may have reached SageMaker unnoticed: the fleet may have loaded that one. */
  readonly ambiguous?: true;
}

/** Third phase, written before UpdateEndpoint is called: SageMaker moves the endpoint to the slot. */
export interface Updating extends UpdateRecord {
  readonly phase: 'updating';
}

/** Last phase, written before the smoke tests are sent: the revision serves, and has to give the expected answers. */
export interface Testing extends UpdateRecord {
  readonly phase: 'testing';
  /** How often the tests were sent. */
  readonly attempts: number;
  /**
   * Before this time, epoch ms, no pass sends the tests: while one does (a lease), and in the pause after tests that
   * were not answered.
   */
  readonly nextTestAt: number;
  /** Why the last tests had no answer of the model. Absent: they are running, or had one. */
  readonly unanswered?: string;
  /** How they ended, once all were answered. */
  readonly verdict?: TestVerdict;
  /** When the update's own fleet was complete, epoch ms, if a deployment has replaced it since. */
  readonly servedSince?: number;
}

/** The outcome of smoke tests that were answered. */
export type TestVerdict = { readonly kind: 'passed' } | { readonly kind: 'failed'; readonly message: string };

/** The update that the state records, if any. */
export function recordedUpdate({ rollout }: { readonly rollout?: Rollout }): RecordedUpdate | undefined {
  return rollout?.phase === 'updating' || rollout?.phase === 'testing' ? rollout : undefined;
}

/** The rollout back in its first phase, with its times; undefined for a rollback, which begins anew. */
export function backToSettling(rollout: Rollout): Settling | undefined {
  if (rollout.phase === 'settling') return rollout;
  const { revision, trigger, seen, since } = rollout;
  return trigger === 'upload' ? { phase: 'settling', revision, trigger, seen, since } : undefined;
}
