import type { Slot } from '@freshpoint/cdk/contract';
import { LEASE_TTL_MS, ownsAllData } from './conclude.ts';
import { pollSeconds, requeue, type Step } from './next.ts';
import type { EndpointView, Observation, SourcesView } from './observation.ts';
import { sizeWarning } from './size-warning.ts';
import { type EndpointState, quarantine, type Serving, truncateMessage, type Updating } from './state.ts';
import { otherSlot, selectTarget, type Target } from './target.ts';

/** When a source was written while it was looked at, in seconds until the next look. */
const SOURCE_CHANGED_SECONDS = 5;

/** Contracts 2 to 4 for an endpoint in service on a slot: what it ought to serve, and the next step there. */
export function advanceRollout(o: Observation, endpoint: EndpointView, known: EndpointState, active: Slot): Step {
  const { sources } = o;
  if (!sources) return { next: { kind: 'observe', what: 'sources' }, state: known };
  const found = selectTarget(o, sources, endpoint, known, active);
  if (found === 'slots') return { next: { kind: 'observe', what: 'slots' }, state: known };
  const { target } = found;
  const state = found.state;
  if (!target) {
    const message = `no object at ${urisOf(sources)}`;
    return { next: { kind: 'requeue', reason: 'SourceMissing', message }, state };
  }
  const { revision } = target;
  const settled = state.settling === undefined ? state : { ...state, settling: undefined };
  const entry = state.quarantine?.find((each) => each.revision === revision);
  const refused = entry && target.trigger === 'pin' && target.at > entry.at ? undefined : entry;
  const isServed = state.serving?.configName === endpoint.configName && serves(o, state.serving, target, endpoint);
  if (isServed && !refused?.failedSmokeTests) {
    const message = `slot ${active.toUpperCase()} serves it`;
    return { next: { kind: 'done', reason: 'Serving', message, revision }, state: settled };
  }
  if (refused) {
    const message = refused.message ?? 'refused by the endpoint';
    return { next: { kind: 'done', reason: 'Quarantined', message: message, revision }, state: settled };
  }
  if (state.suspension)
    return {
      next: { kind: 'requeue', reason: 'Suspended', message: `held by ${state.suspension.by}`, revision },
      state,
    };
  if (target.trigger !== 'upload') return stageOrSwap(o, endpoint, state, active, target);
  return settle(o, endpoint, state, active, target);
}

/**
 * The same bytes, and no instance can have loaded others: where both the sources were written and the endpoint was
 * touched since (moved and moved back, rolled back, scaled), that isn't known, unless what is loaded is the loop's own.
 */
function serves(o: Observation, served: Serving, target: Target, endpoint: EndpointView): boolean {
  if (ownsAllData(o.spec)) return served.revision === target.revision;
  const isWritten = target.newest > served.newestSource;
  const isTouched = endpoint.lastModified > served.since;
  return served.revision === target.revision && !(isWritten && isTouched);
}

/** Contract 3. */
function settle(o: Observation, endpoint: EndpointView, state: EndpointState, active: Slot, target: Target): Step {
  const { waitTime, maxWaitTime } = o.spec;
  const { revision, newest } = target;
  const before = state.settling;
  // What was quiet for long enough, and was kept from being served by something else, ends the stream.
  const changed = newest > (before?.seen ?? 0) || before?.revision === revision ? newest : o.now;
  const isStream = before !== undefined && changed - before.seen < waitTime * 1000;
  const since = isStream ? before.since : o.now;
  const settling = before?.revision === revision ? before : { revision, seen: o.now, since };
  const left = Math.ceil(waitTime - (o.now - Math.max(newest, settling.seen)) / 1000);
  const isBounded = maxWaitTime !== undefined && isStream;
  const bound = isBounded ? Math.ceil(maxWaitTime - (o.now - settling.since) / 1000) : left;
  if (left > 0 && bound > 0) {
    // A clock ahead of S3's must not stretch the wait beyond waitTime at a time.
    const seconds = Math.min(left, bound, Math.max(1, waitTime));
    const message = `newest source must be ${waitTime} s old`;
    return {
      next: { kind: 'requeue', reason: 'Settling', message, seconds, revision },
      state: settling === before ? state : { ...state, settling },
    };
  }
  if (o.sources?.kind === 'missing') return refuse(o, state, active, target, missingReason(o, o.sources));
  return stageOrSwap(o, endpoint, state, active, target);
}

/** Brings a revision to the slot that isn't active: its data first, where the slot has its own, then the endpoint. */
function stageOrSwap(o: Observation, endpoint: EndpointView, state: EndpointState, active: Slot, target: Target): Step {
  const { spec } = o;
  if (!o.stack) return { next: { kind: 'observe', what: 'stack' } };
  if (o.stack.kind === 'deploying') return requeue('StackBusy', `stack is ${o.stack.status}`, pollSeconds(spec));
  if (o.stack.kind === 'gone') return { next: { kind: 'done', reason: 'StackGone', message: 'stack is gone' } };

  const slot = otherSlot(active);
  const { staging } = state;
  const left = staging && !staging.paused ? Math.ceil((staging.at + LEASE_TTL_MS - o.now) / 1000) : 0;
  if (left > 0) return requeue('EndpointBusy', `slot ${staging!.slot.toUpperCase()} is being filled`, left);

  if (spec.data && !o.slots) return { next: { kind: 'observe', what: 'slots' } };
  const isFilled = spec.data !== undefined && o.slots?.[slot] === target.revision;
  const isBegun = staging?.slot === slot && staging.revision === target.revision;
  if (target.trigger === 'upload' && !isFilled && !isBegun) {
    if (!o.check) return { next: { kind: 'observe', what: 'check' } };
    if (o.check.kind === 'refused') return refuse(o, state, active, target, o.check.message);
    if (o.check.kind === 'changed')
      return requeue('Settling', 'a source was written meanwhile', SOURCE_CHANGED_SECONDS);
  }
  const reason = REASON_OF[target.trigger];
  if (spec.data && !isFilled) {
    const warning = isBegun ? staging.warning : warningsOf(o, state, target);
    const begun = {
      slot,
      revision: target.revision,
      at: o.now,
      ...(warning !== undefined && { warning }),
      ...(isBegun && staging.partialCopy && { partialCopy: staging.partialCopy }),
    };
    const from = o.sources?.kind === 'complete' && o.sources.revision === target.revision ? 'sources' : 'retained';
    return { next: { kind: 'stage', reason, staging: begun, from }, state };
  }

  const given = o.state.updating;
  const ambiguous = given?.slot === slot && !given.accepted && given.revision !== target.revision ? true : undefined;
  const isOwn = o.staged?.revision === target.revision;
  const warning = spec.data ? (isOwn ? o.staged?.warning : undefined) : warningsOf(o, state, target);
  const updating: Updating = {
    slot,
    configName: spec.configs[slot],
    revision: target.revision,
    trigger: target.trigger,
    newestSource: target.newest,
    ...(target.size !== undefined && { size: target.size }),
    ...(warning !== undefined && { warning }),
    endpointModified: endpoint.lastModified,
    failureReasonBefore: truncateMessage(endpoint.failureReason),
    at: o.now,
    ambiguous: given?.slot === slot && given.ambiguous && !given.accepted ? true : ambiguous,
  };
  return { next: { kind: 'swap', reason, updating }, state };
}

/** Why a revision is brought to the endpoint, in a word. */
export const REASON_OF = { upload: 'NewRevision', pin: 'Pinned', 'smoke-test': 'SmokeTestFailed' } as const;

/** Refused before the endpoint was asked. */
function refuse(o: Observation, state: EndpointState, active: Slot, target: Target, message: string): Step {
  const { revision } = target;
  const slot = otherSlot(active);
  const startedAt = state.settling?.revision === revision ? state.settling.seen : o.now;
  const sources = o.sources?.kind === 'complete' ? o.sources.files : undefined;
  return {
    next: { kind: 'done', reason: 'Quarantined', message, revision },
    state: quarantine({ ...state, settling: undefined }, { revision, at: o.now, message }),
    events: [
      {
        type: 'refused',
        revision,
        slot,
        configName: o.spec.configs[slot],
        message,
        retried: false,
        trigger: target.trigger,
        startedAt,
        ...(sources && { sources }),
      },
    ],
  };
}

function warningsOf(o: Observation, state: EndpointState, target: Target): string | undefined {
  if (target.trigger !== 'upload') return undefined;
  const small = target.size === undefined ? undefined : sizeWarning(target.size, state.serving?.size);
  const checked = o.check?.kind === 'passed' ? o.check.warnings : [];
  const all = small === undefined ? checked : [small, ...checked];
  return all.length > 0 ? truncateMessage(all.join('; ')) : undefined;
}

type Missing = SourcesView & { readonly kind: 'missing' };

function missingReason({ spec }: Observation, sources: Missing): string {
  const count = `${sources.uris.length} of ${spec.sources.length} sources`;
  return `${count} ${sources.uris.length === 1 ? 'is' : 'are'} missing: no object at ${sources.uris.join(', ')}. Upload what is missing.`;
}

function urisOf(sources: SourcesView): string {
  return sources.kind === 'missing' ? sources.uris.join(', ') : '';
}
