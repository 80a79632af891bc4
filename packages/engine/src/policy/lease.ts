import type { Slot } from '@freshpoint/cdk/contract';

/**
 * The claim on a slot's data: until it is released or expires, no other pass stages to the slot or swaps to it. A
 * rollout takes it to stage, a deployment to load. It outlives a rollout that newer data overtakes: the copy may still
 * be running.
 */
export interface SlotLease {
  readonly slot: Slot;
  readonly revision: string;
  /** Epoch ms, the writer's clock. */
  readonly at: number;
  /** The copy stopped when the pass ended: the next pass resumes it at once. */
  readonly paused?: true;
  /** A multipart copy to resume. */
  readonly partialCopy?: PartialCopy;
}

/** A multipart copy that is not complete, of the revision that is staged. */
export interface PartialCopy {
  readonly key: string;
  readonly uploadId: string;
}

/**
 * How long a claim in the state holds, in ms: on a slot that is being staged, on an UpdateEndpoint that is about to be
 * called, and on events that are being published. It is twice the function's timeout, to allow for clock skew;
 * afterwards the claimant is certainly gone.
 */
export const LEASE_TTL_MS = 120_000;

/** How long the lease is still held, in ms; 0 when it was released, paused or has expired. */
export function leaseLeftMs(lease: SlotLease | undefined, now: number): number {
  if (!lease || lease.paused) return 0;
  return Math.max(0, lease.at + LEASE_TTL_MS - now);
}

/** The copy to resume, where the lease was for this one. */
export function partialCopyOf(
  lease: SlotLease | undefined,
  { slot, revision }: Pick<SlotLease, 'slot' | 'revision'>,
): PartialCopy | undefined {
  return lease?.slot === slot && lease.revision === revision ? lease.partialCopy : undefined;
}
