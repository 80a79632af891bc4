import { type Next, type NextStep, observeFirst } from './next.ts';
import { settle } from './phases/settling.ts';
import { stageOrSwap } from './phases/staging.ts';
import type { ReadyEndpoint, RolloutTarget } from './ready-endpoint.ts';
import { describeRetries } from './retries.ts';
import { servesTarget } from './serving.ts';
import { slotLetter } from './slots.ts';
import { describeMissing } from './source-object.ts';
import { type EndpointState, quarantineEntryOf } from './state.ts';
import { selectTarget } from './target.ts';

/** Selects the revision that the endpoint ought to serve, and takes the next step towards it. */
export function advanceRollout(ready: ReadyEndpoint): NextStep {
  const { observation } = ready;
  const { sources } = observation;
  if (!sources) return { ...observeFirst('sources'), state: ready.state };
  const selected = selectTarget(ready, sources);
  if (selected === 'slots') return { ...observeFirst('slots'), state: ready.state };
  const { target, state, events = [] } = selected;
  if (!target) {
    const message = describeMissing(sources.kind === 'missing' ? sources.uris : []);
    return { next: { kind: 'requeue', reason: 'SourceMissing', message }, state };
  }
  const step = advanceTo(target, { ...ready, state });
  return { ...step, state: step.state ?? state, events: [...events, ...(step.events ?? [])] };
}

/** The next step towards the target. */
function advanceTo(target: RolloutTarget, ready: ReadyEndpoint): NextStep {
  const { observation, state } = ready;
  const { revision } = target;
  const ended = state.rollout === undefined ? state : { ...state, rollout: undefined };
  const entry = quarantineEntryOf(state, revision);
  if (servesTarget(observation, state, target) && !entry?.failedSmokeTests) {
    const message = `Slot ${slotLetter(ready.active)} serves this revision.`;
    return { next: { kind: 'done', reason: 'Serving', message, revision }, state: ended };
  }
  if (entry) {
    const message = entry.message ?? 'The endpoint rejected this revision.';
    return { next: { kind: 'done', reason: 'Quarantined', message, revision }, state: ended };
  }
  if (state.suspension) {
    const message = `Suspended by ${state.suspension.by}.`;
    return { next: { kind: 'requeue', reason: 'Suspended', message, revision }, state };
  }
  const waiting = untilRetry(ready, state, target);
  if (waiting) return { next: waiting, state };
  const context = { ...ready, state, target };
  return target.trigger === 'upload' ? settle(context) : stageOrSwap(context);
}

/** The pause after a failed attempt. */
function untilRetry(
  { observation: { now, spec } }: ReadyEndpoint,
  { retries }: EndpointState,
  { revision }: RolloutTarget,
): Next | undefined {
  if (retries?.revision !== revision || retries.nextAt <= now) return undefined;
  const message = describeRetries(retries, spec);
  const seconds = Math.ceil((retries.nextAt - now) / 1000);
  return { kind: 'requeue', reason: 'Retrying', message, seconds, revision };
}
