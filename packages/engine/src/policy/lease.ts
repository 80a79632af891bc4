import type { EndpointState, Staging } from './state.ts';

/**
 * How long a claim in the state holds, in ms: on a slot that is being staged, on an UpdateEndpoint that is about to be
 * called, and on events that are being published. It is twice the function's timeout, to allow for clock skew;
 * afterwards the claimant is certainly gone.
 */
export const LEASE_TTL_MS = 120_000;

/** How long another pass may still be publishing what it concluded, in ms. */
export function publishingLeftMs({ publishingAt }: Pick<EndpointState, 'publishingAt'>, now: number): number {
  return publishingAt === undefined ? 0 : Math.max(0, publishingAt + LEASE_TTL_MS - now);
}

/** How long the staging lease is still held, in ms; 0 when it was released, paused or has expired. */
export function leaseLeftMs(staging: Staging | undefined, now: number): number {
  if (!staging || staging.paused) return 0;
  return Math.max(0, staging.at + LEASE_TTL_MS - now);
}
