import type { LatencyProfile } from '../worlds/latency.ts';

/** The result of one run. */
export interface RunResult {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly situations: readonly string[];
  readonly timeline: readonly string[];
  /** Calls by the function, from the first deployment until rest. */
  readonly calls: number;
  readonly swaps: number;
  /** From calm until rest, in ms. */
  readonly restAfterMs: number;
  /** The final account, without times and versions: equal for runs that came to the same end. */
  readonly end: string;
}

/** Extras of a run. */
export interface RunOptions {
  /** How fast the services are. @default drawn from the seed */
  readonly profile?: LatencyProfile;
  /** Name of the layout. @default drawn from the seed */
  readonly layout?: string;
  /** @default dropped */
  readonly timeline?: 'kept' | 'dropped';
  /** The function is killed at its nth call after the first deployment, before the request or before the reply. */
  readonly killAt?: { readonly call: number; readonly kill: 'before' | 'after' };
}
