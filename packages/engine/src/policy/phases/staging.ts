import type { SlotData } from '@freshpoint/cdk/contract';
import { leaseLeftMs } from '../lease.ts';
import { type Next, type NextStep, observeFirst, pollSeconds, requeue } from '../next.ts';
import { ROLLOUT_REASONS, type Rollout, refuseUntried } from '../rollout.ts';
import { sizeWarning } from '../size-warning.ts';
import { otherSlot, slotLetter } from '../slots.ts';
import { type Staging, truncateMessage, type Updating } from '../state.ts';

/** Pause after a source changed while its archives were checked, in seconds. */
const SOURCE_CHANGED_SECONDS = 5;

/** Second phase: checks the archives and copies them to the inactive slot, where it has data of its own; then swaps. */
export function stageOrSwap(rollout: Rollout): NextStep {
  const { observation, state, active, target } = rollout;
  const { now, spec, stack, slots } = observation;
  if (!stack) return observeFirst('stack');
  if (stack.kind === 'deploying') return requeue('StackBusy', `The stack is ${stack.status}.`, pollSeconds(spec));
  if (stack.kind === 'gone') {
    return { next: { kind: 'done', reason: 'StackGone', message: 'The stack does not exist.' } };
  }

  const slot = otherSlot(active);
  const { staging } = state;
  const leaseMs = leaseLeftMs(staging, now);
  if (staging && leaseMs > 0) {
    const message = `Slot ${slotLetter(staging.slot)} is being staged.`;
    return requeue('EndpointBusy', message, Math.ceil(leaseMs / 1000));
  }

  if (spec.data && !slots) return observeFirst('slots');
  const isStaged = spec.data !== undefined && slots?.[slot] === target.revision;
  const begun = staging?.slot === slot && staging.revision === target.revision ? staging : undefined;
  if (target.trigger === 'upload' && !isStaged && !begun) {
    const unchecked = checkFirst(rollout);
    if (unchecked) return unchecked;
  }
  if (spec.data && !isStaged) return { next: stageNext(rollout, spec.data, begun), state };
  const reason = ROLLOUT_REASONS[target.trigger];
  return { next: { kind: 'swap', reason, updating: updatingOf(rollout) }, state };
}

/** What the checks of the archives ask for; undefined once they passed. */
function checkFirst(rollout: Rollout): NextStep | undefined {
  const { check } = rollout.observation;
  if (!check) return observeFirst('check');
  if (check.kind === 'refused') return refuseUntried(rollout, check.message);
  if (check.kind === 'passed') return undefined;
  return requeue('Settling', 'A source changed while it was being checked.', SOURCE_CHANGED_SECONDS);
}

/** The copy to make; `begun`: the lease of an earlier pass on the same copy. */
function stageNext(rollout: Rollout, data: SlotData, begun: Staging | undefined): Next {
  const { now, sources } = rollout.observation;
  const { revision, trigger } = rollout.target;
  const slot = otherSlot(rollout.active);
  const warning = begun ? begun.warning : warningsOf(rollout);
  const staging = {
    slot,
    revision,
    at: now,
    ...(warning !== undefined && { warning }),
    ...(begun?.partialCopy && { partialCopy: begun.partialCopy }),
  };
  const isAtSources = sources?.kind === 'complete' && sources.revision === revision;
  const from = isAtSources ? 'sources' : 'retained';
  return { kind: 'stage', reason: ROLLOUT_REASONS[trigger], data, staging, from };
}

/** The update to record before UpdateEndpoint is called. */
function updatingOf(rollout: Rollout): Updating {
  const { observation, active, target } = rollout;
  const { now, spec, endpoint, staged } = observation;
  const slot = otherSlot(active);
  const stagedWarning = staged?.revision === target.revision ? staged.warning : undefined;
  const warning = spec.data ? stagedWarning : warningsOf(rollout);
  return {
    slot,
    configName: spec.configs[slot],
    revision: target.revision,
    trigger: target.trigger,
    newestSource: target.newest,
    ...(target.size !== undefined && { size: target.size }),
    ...(warning !== undefined && { warning }),
    endpointModified: endpoint.lastModified,
    failureReasonBefore: truncateMessage(endpoint.failureReason),
    at: now,
    ambiguous: isAmbiguous(rollout) ? true : undefined,
  };
}

/** Whether an earlier update of another revision may have reached SageMaker unnoticed. */
function isAmbiguous({ observation, active, target }: Rollout): boolean {
  const { updating } = observation.state;
  if (updating?.slot !== otherSlot(active) || updating.accepted) return false;
  return updating.ambiguous === true || updating.revision !== target.revision;
}

function warningsOf({ observation, state, target }: Rollout): string | undefined {
  if (target.trigger !== 'upload') return undefined;
  const small = target.size === undefined ? undefined : sizeWarning(target.size, state.serving?.size);
  const checked = observation.check?.kind === 'passed' ? observation.check.warnings : [];
  const all = small === undefined ? checked : [small, ...checked];
  return all.length > 0 ? truncateMessage(all.join(' ')) : undefined;
}
