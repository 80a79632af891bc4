import type { SlotData } from '@freshpoint/cdk/contract';
import { leaseLeftMs, partialCopyOf, type SlotLease } from '../lease.ts';
import { type NextStep, observeFirst, requeue, shortPollSeconds } from '../next.ts';
import { ROLLOUT_REASONS, type RolloutContext, refuseUntried } from '../ready-endpoint.ts';
import { isStored, retainedRevisions } from '../retention.ts';
import { shortRevision } from '../revision.ts';
import { type RolloutBase, recordedUpdate, type Staging, type Updating } from '../rollout.ts';
import { sizeWarning } from '../size-warning.ts';
import { otherSlot, slotLetter } from '../slots.ts';
import { servedRevision, truncateMessage } from '../state.ts';

/** Pause after a source changed while its archives were checked, in seconds. */
const SOURCE_CHANGED_SECONDS = 5;

/** Second phase: checks the archives and copies them to the inactive slot, where it has data of its own; then swaps. */
export function stageOrSwap(context: RolloutContext): NextStep {
  const { observation, state, active, target } = context;
  const { now, spec, stack, slots } = observation;
  if (!stack) return observeFirst('stack');
  if (stack.kind === 'deploying') return requeue('StackBusy', `The stack is ${stack.status}.`, shortPollSeconds(spec));
  if (stack.kind === 'gone') {
    return { next: { kind: 'done', reason: 'StackGone', message: 'The stack does not exist.' } };
  }

  const { lease } = state;
  const leaseMs = leaseLeftMs(lease, now);
  if (lease && leaseMs > 0) {
    const message = `Slot ${slotLetter(lease.slot)} is being staged.`;
    return requeue('EndpointBusy', message, Math.ceil(leaseMs / 1000));
  }

  if (spec.data && !slots) return observeFirst('slots');
  const isStaged = spec.data !== undefined && slots?.[otherSlot(active)] === target.revision;
  if (target.trigger === 'upload' && !isStaged && !begunStaging(context)) {
    const unchecked = checkFirst(context);
    if (unchecked) return unchecked;
  }
  if (spec.data && !isStaged) return isAvailable(context) ? stageNext(context, spec.data) : endPin(context);
  const reason = ROLLOUT_REASONS[target.trigger];
  return { next: { kind: 'swap', reason, updating: updatingOf(context) }, state };
}

/** What the checks of the archives ask for; undefined once they passed. */
function checkFirst(context: RolloutContext): NextStep | undefined {
  const { check } = context.observation;
  if (!check) return observeFirst('check');
  if (check.kind === 'refused') return refuseUntried(context, check.message);
  if (check.kind === 'passed') return undefined;
  const message = 'A source changed while it was being checked.';
  const { revision } = context.target;
  return { next: { kind: 'requeue', reason: 'SourceChanged', message, seconds: SOURCE_CHANGED_SECONDS, revision } };
}

/** The rollout of this revision to this slot, where an earlier pass has checked it and begun to stage it. */
function begunStaging({ state: { rollout }, active, target }: RolloutContext): Staging | undefined {
  const isBegun = rollout?.phase === 'staging' && rollout.slot === otherSlot(active);
  return isBegun && rollout.revision === target.revision ? rollout : undefined;
}

/** What the rollout has in each phase: its times stay those of when it began. */
function rolloutBase({ observation: { now }, state: { rollout }, target }: RolloutContext): RolloutBase {
  const { revision, trigger } = target;
  const { seen, since } = rollout?.revision === revision ? rollout : { seen: now, since: now };
  return { revision, trigger, seen, since };
}

/** The copy to make, and the rollout to record with its lease. */
function stageNext(context: RolloutContext, data: SlotData): NextStep {
  const { observation, state, active, target } = context;
  const { now, spec } = observation;
  const { revision, trigger } = target;
  const slot = otherSlot(active);
  const begun = begunStaging(context);
  const warning = begun ? begun.warning : warningsOf(context);
  const rollout: Staging = {
    phase: 'staging',
    ...rolloutBase(context),
    slot,
    ...(warning !== undefined && { warning }),
  };
  const partialCopy = partialCopyOf(state.lease, rollout);
  const lease: SlotLease = { slot, revision, at: now, ...(partialCopy && { partialCopy }) };
  return {
    next: { kind: 'stage', reason: ROLLOUT_REASONS[trigger], data, lease },
    state: { ...state, rollout, stored: retainedRevisions(state, revision, spec) },
  };
}

/** Whether the revision can be staged: from the sources or the revision store. */
function isAvailable({ observation: { sources }, state, target: { revision } }: RolloutContext): boolean {
  return (sources?.kind === 'complete' && sources.revision === revision) || isStored(state, revision);
}

/**
 * The pinned revision is not stored any more. What serves stays, as a pin if the sources have something else: that may
 * have been rolled back.
 */
function endPin({ observation, state, active, target: { revision } }: RolloutContext): NextStep {
  const { spec, sources } = observation;
  const { pin, serving } = state;
  const slot = otherSlot(active);
  const served = serving && servedRevision(serving);
  const isKept = pin !== undefined && served !== undefined && served !== sources?.revision;
  const message = `Revision ${shortRevision(revision)} is not in the data bucket any more, or lacks a source. Upload it again.`;
  const subject = { revision, slot, configName: spec.configs[slot], startedAt: pin?.at };
  return {
    ...requeue('Pinned', message, shortPollSeconds(spec)),
    state: { ...state, rollout: undefined, pin: isKept ? { ...pin, revision: served } : undefined },
    events: [{ type: 'refused', ...subject, message, retried: false, trigger: 'pin', sources: [] }],
  };
}

/** The update to record before UpdateEndpoint is called. */
function updatingOf(context: RolloutContext): Updating {
  const { observation, active, target } = context;
  const { now, spec, endpoint } = observation;
  const slot = otherSlot(active);
  const warning = spec.data ? begunStaging(context)?.warning : warningsOf(context);
  return {
    phase: 'updating',
    ...rolloutBase(context),
    slot,
    configName: spec.configs[slot],
    newestSource: target.newest,
    ...(target.size !== undefined && { size: target.size }),
    ...(warning !== undefined && { warning }),
    endpointModified: endpoint.lastModified,
    failureReasonBefore: truncateMessage(endpoint.failureReason),
    at: now,
    ...unnoticedUpdate(context),
  };
}

/** Whether an earlier update to the slot, of this revision or another one, may have reached SageMaker unnoticed. */
function unnoticedUpdate({ observation, active, target }: RolloutContext): Pick<Updating, 'repeatsAt' | 'ambiguous'> {
  const update = recordedUpdate(observation.state);
  if (update?.slot !== otherSlot(active) || update.accepted) return {};
  if (update.ambiguous || update.revision !== target.revision) return { ambiguous: true };
  return { repeatsAt: update.repeatsAt ?? update.at };
}

function warningsOf({ observation, state, target }: RolloutContext): string | undefined {
  if (target.trigger !== 'upload') return undefined;
  const small = target.size === undefined ? undefined : sizeWarning(target.size, state.serving?.size);
  const checked = observation.check?.kind === 'passed' ? observation.check.warnings : [];
  const all = small === undefined ? checked : [small, ...checked];
  return all.length > 0 ? truncateMessage(all.join(' ')) : undefined;
}
