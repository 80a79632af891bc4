import type { Slot } from '@freshpoint/cdk/contract';
import type { NextStep, Reason } from './next.ts';
import type { ExistingEndpoint } from './observation.ts';
import type { Trigger } from './rollout.ts';
import { otherSlot } from './slots.ts';
import { type EndpointState, quarantine } from './state.ts';

/** The revision that an endpoint ought to serve. */
export interface RolloutTarget {
  readonly revision: string;
  readonly trigger: Trigger;
  /** LastModified of the newest source, epoch ms. */
  readonly newest: number;
  /** Bytes of all sources, where they have this revision. */
  readonly size?: number;
}

/** An endpoint that is InService on one of its slots, with no update in progress. */
export interface ReadyEndpoint {
  readonly observation: ExistingEndpoint;
  readonly state: EndpointState;
  readonly active: Slot;
}

/** A ready endpoint that ought to serve another revision. */
export interface RolloutContext extends ReadyEndpoint {
  readonly target: RolloutTarget;
}

/** Why a revision is rolled out. */
export const ROLLOUT_REASONS = {
  upload: 'NewRevision',
  pin: 'Pinned',
  'smoke-test': 'SmokeTestFailed',
} as const satisfies Record<Trigger, Reason>;

/** Quarantines a revision that the endpoint was never asked to serve. */
export function refuseUntried({ observation, state, active, target }: RolloutContext, message: string): NextStep {
  const { now, spec, sources } = observation;
  const { revision, trigger } = target;
  const slot = otherSlot(active);
  // Names the record, so it must be the same when a crash repeats this: only a recorded time is.
  const recorded = observation.state.rollout;
  const startedAt = recorded?.revision === revision ? recorded.seen : target.newest;
  const files = sources?.kind === 'complete' ? sources.files : undefined;
  return {
    next: { kind: 'done', reason: 'Quarantined', message, revision },
    state: quarantine({ ...state, rollout: undefined }, { revision, at: now, message }),
    events: [
      {
        type: 'refused',
        revision,
        slot,
        configName: spec.configs[slot],
        message,
        retried: false,
        trigger,
        startedAt,
        ...(files && { sources: files }),
      },
    ],
  };
}
