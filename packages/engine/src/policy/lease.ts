import type { Staging } from './state.ts';

/**
 * How long a claim in the state holds, in ms: on a slot that is being staged, and on an UpdateEndpoint that is about
 * to be called. It is twice the function's timeout, to allow for clock skew; afterwards the claimant is certainly
 * gone.
 */
export const LEASE_TTL_MS = 120_000;

/** How long the staging lease is still held, in ms; 0 when it was released, paused or has expired. */
export function leaseLeftMs(staging: Staging | undefined, now: number): number {
  if (!staging || staging.paused) return 0;
  return Math.max(0, staging.at + LEASE_TTL_MS - now);
}
