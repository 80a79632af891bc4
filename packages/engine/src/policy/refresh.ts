import type { Slot } from '@freshpoint/cdk/contract';
import { OWNER_ALIVE, ownsData } from './conclude.ts';
import { pollSeconds, type Step, wait } from './next.ts';
import type { EndpointView, Observation, SourcesView } from './observation.ts';
import { farTooSmall } from './size-warning.ts';
import { cutReason, type EndpointState, type Intent, quarantine, type Served } from './state.ts';
import { otherSlot, type Target, targetOf } from './target.ts';

/** When a source was written while it was looked at, in seconds until the next look. */
const CHANGED_SECONDS = 5;

/** Contracts 2 to 4 for an endpoint in service on a slot: what it ought to serve, and the next step there. */
export function refresh(o: Observation, endpoint: EndpointView, known: EndpointState, active: Slot): Step {
  const { sources } = o;
  if (!sources) return { next: { kind: 'observe', what: 'sources' }, state: known };
  const found = targetOf(o, sources, endpoint, known, active);
  if (found === 'slots') return { next: { kind: 'observe', what: 'slots' }, state: known };
  const { target } = found;
  const state = found.state;
  if (!target) {
    const detail = `no object at ${urisOf(sources)}`;
    return { next: { kind: 'wait', because: 'source-missing', detail }, state };
  }
  const { revision } = target;
  const settled = state.unsettled === undefined ? state : { ...state, unsettled: undefined };
  const entry = state.quarantine?.find((each) => each.revision === revision);
  const refused = entry && target.by === 'person' && target.at > entry.at ? undefined : entry;
  const isServed = state.served?.configName === endpoint.configName && serves(o, state.served, target, endpoint);
  if (isServed && !refused?.condemned) {
    const detail = `slot ${active.toUpperCase()} serves it`;
    return { next: { kind: 'keep', because: 'served', detail, revision }, state: settled };
  }
  if (refused) {
    const detail = refused.reason ?? 'refused by the endpoint';
    return { next: { kind: 'keep', because: 'quarantined', detail, revision }, state: settled };
  }
  if (state.hold)
    return { next: { kind: 'wait', because: 'held', detail: `held by ${state.hold.by}`, revision }, state };
  if (target.by !== 'upload') return bring(o, endpoint, state, active, target);
  return settle(o, endpoint, state, active, target);
}

/**
 * The same bytes, and no instance can have loaded others: where both the sources were written and the endpoint was
 * touched since (moved and moved back, rolled back, scaled), that isn't known, unless what is loaded is the loop's own.
 */
function serves(o: Observation, served: Served, target: Target, endpoint: EndpointView): boolean {
  if (ownsData(o.spec)) return served.revision === target.revision;
  const isWritten = target.newest > served.newestSource;
  const isTouched = endpoint.lastModified > served.since;
  return served.revision === target.revision && !(isWritten && isTouched);
}

/** Contract 3. */
function settle(o: Observation, endpoint: EndpointView, state: EndpointState, active: Slot, target: Target): Step {
  const { waitTime, maxWaitTime } = o.spec;
  const { revision, newest } = target;
  const before = state.unsettled;
  // What was quiet for long enough, and was kept from being served by something else, ends the stream.
  const changed = newest > (before?.seen ?? 0) || before?.revision === revision ? newest : o.now;
  const isStream = before !== undefined && changed - before.seen < waitTime * 1000;
  const since = isStream ? before.since : o.now;
  const unsettled = before?.revision === revision ? before : { revision, seen: o.now, since };
  const left = Math.ceil(waitTime - (o.now - Math.max(newest, unsettled.seen)) / 1000);
  const isBounded = maxWaitTime !== undefined && isStream;
  const bound = isBounded ? Math.ceil(maxWaitTime - (o.now - unsettled.since) / 1000) : left;
  if (left > 0 && bound > 0) {
    // A clock ahead of S3's must not stretch the wait beyond waitTime at a time.
    const seconds = Math.min(left, bound, Math.max(1, waitTime));
    const detail = `newest source must be ${waitTime} s old`;
    return {
      next: { kind: 'wait', because: 'settling', detail, seconds, revision },
      state: unsettled === before ? state : { ...state, unsettled },
    };
  }
  if (o.sources?.kind === 'missing') return refuse(o, state, active, target, missingReason(o, o.sources));
  return bring(o, endpoint, state, active, target);
}

/** Brings a revision to the slot that isn't active: its data first, where the slot has its own, then the endpoint. */
function bring(o: Observation, endpoint: EndpointView, state: EndpointState, active: Slot, target: Target): Step {
  const { spec } = o;
  if (!o.stack) return { next: { kind: 'observe', what: 'stack' } };
  if (o.stack.kind === 'deploying') return wait('stack-busy', `stack is ${o.stack.status}`, pollSeconds(spec));
  if (o.stack.kind === 'gone') return { next: { kind: 'keep', because: 'stack-gone', detail: 'stack is gone' } };

  const slot = otherSlot(active);
  const { filling } = state;
  const left = filling && !filling.paused ? Math.ceil((filling.at + OWNER_ALIVE - o.now) / 1000) : 0;
  if (left > 0) return wait('endpoint-busy', `slot ${filling!.slot.toUpperCase()} is being filled`, left);

  if (spec.data && !o.slots) return { next: { kind: 'observe', what: 'slots' } };
  const isFilled = spec.data !== undefined && o.slots?.[slot] === target.revision;
  const isBegun = filling?.slot === slot && filling.revision === target.revision;
  if (target.by === 'upload' && !isFilled && !isBegun) {
    if (!o.check) return { next: { kind: 'observe', what: 'check' } };
    if (o.check.kind === 'refused') return refuse(o, state, active, target, o.check.reason);
    if (o.check.kind === 'changed') return wait('settling', 'a source was written meanwhile', CHANGED_SECONDS);
  }
  const because = BECAUSE[target.by];
  if (spec.data && !isFilled) {
    const warning = isBegun ? filling.warning : warningsOf(o, state, target);
    const begun = {
      slot,
      revision: target.revision,
      at: o.now,
      ...(warning !== undefined && { warning }),
      ...(isBegun && filling.upload && { upload: filling.upload }),
    };
    const from = o.sources?.kind === 'complete' && o.sources.revision === target.revision ? 'sources' : 'retained';
    return { next: { kind: 'fill', because, filling: begun, from }, state };
  }

  const given = o.state.intent;
  const ambiguous = given?.slot === slot && !given.called && given.revision !== target.revision ? true : undefined;
  const isOwn = o.filled?.revision === target.revision;
  const warning = spec.data ? (isOwn ? o.filled?.warning : undefined) : warningsOf(o, state, target);
  const intent: Intent = {
    slot,
    configName: spec.configs[slot],
    revision: target.revision,
    by: target.by,
    newestSource: target.newest,
    ...(target.size !== undefined && { size: target.size }),
    ...(warning !== undefined && { warning }),
    endpointModified: endpoint.lastModified,
    reasonBefore: cutReason(endpoint.failureReason),
    at: o.now,
    ambiguous: given?.slot === slot && given.ambiguous && !given.called ? true : ambiguous,
  };
  return { next: { kind: 'swap', because, intent }, state };
}

/** Why a revision is brought to the endpoint, in a word. */
export const BECAUSE = { upload: 'newer-revision', person: 'wanted', 'smoke-test': 'condemned' } as const;

/** Refused before the endpoint was asked. */
function refuse(o: Observation, state: EndpointState, active: Slot, target: Target, reason: string): Step {
  const { revision } = target;
  const slot = otherSlot(active);
  const begun = state.unsettled?.revision === revision ? state.unsettled.seen : o.now;
  const sources = o.sources?.kind === 'complete' ? o.sources.files : undefined;
  return {
    next: { kind: 'keep', because: 'quarantined', detail: reason, revision },
    state: quarantine({ ...state, unsettled: undefined }, revision, reason, o.now),
    tell: [
      {
        what: 'refused',
        revision,
        slot,
        configName: o.spec.configs[slot],
        reason,
        retried: false,
        by: target.by,
        begun,
        ...(sources && { sources }),
      },
    ],
  };
}

function warningsOf(o: Observation, state: EndpointState, target: Target): string | undefined {
  if (target.by !== 'upload') return undefined;
  const small = target.size === undefined ? undefined : farTooSmall(target.size, state.served?.size);
  const checked = o.check?.kind === 'passed' ? o.check.warnings : [];
  const all = small === undefined ? checked : [small, ...checked];
  return all.length > 0 ? cutReason(all.join('; ')) : undefined;
}

type Missing = SourcesView & { readonly kind: 'missing' };

function missingReason({ spec }: Observation, sources: Missing): string {
  const count = `${sources.uris.length} of ${spec.sources.length} sources`;
  return `${count} ${sources.uris.length === 1 ? 'is' : 'are'} missing: no object at ${sources.uris.join(', ')}. Upload what is missing.`;
}

function urisOf(sources: SourcesView): string {
  return sources.kind === 'missing' ? sources.uris.join(', ') : '';
}
