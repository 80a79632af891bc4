import type { EndpointSpec } from '@freshpoint/cdk/contract';
import type { Decision } from './decide.ts';
import type { Next } from './next.ts';
import type { Observation } from './observation.ts';
import { isFirstTest } from './phases/testing.ts';
import { recordedUpdate } from './rollout.ts';
import { type EndpointState, type Stall, truncateMessage } from './state.ts';

/** Default time after which a blocked revision is published as stalled, in seconds. */
const STALLED_AFTER_SECONDS = 30 * 60;

/** What keeps the newest revision from being served. */
export interface Blockage {
  /** A code in CamelCase. */
  readonly reason: string;
  /** Names the call, its ARN and what to do. */
  readonly message: string;
  readonly revision?: string;
  /** Since when, epoch ms. Default: now. */
  readonly since?: number;
  /** Only a person can end it, so it is published at once. */
  readonly needsPerson?: true;
}

/** Published once when the newest revision stalls, and once when that ends. */
export interface StallEvent {
  readonly type: 'stalled' | 'recovered';
  readonly reason: string;
  readonly message: string;
  /** Since when it was blocked, epoch ms. */
  readonly since: number;
  readonly revision?: string;
}

/** The time, epoch ms, and the limit. */
interface Clock {
  readonly now: number;
  readonly spec: Pick<EndpointSpec, 'stalledAfter'>;
}

/** A state, and what to publish before it is written. */
export interface StallChange {
  readonly state: EndpointState;
  readonly stall?: StallEvent;
}

/** A decision, with what it means for the stall. */
export type StallDecision = Decision & { readonly stall?: StallEvent };

/** How long a revision may be blocked before that is published, in ms. */
export function stalledAfterMs({ stalledAfter }: Pick<EndpointSpec, 'stalledAfter'>): number {
  return (stalledAfter ?? STALLED_AFTER_SECONDS) * 1000;
}

/** The decision, with the blockage that it shows noted in the state. Pure. */
export function withStall(observation: Observation, decision: Decision): StallDecision {
  const { next } = decision;
  if (next.kind === 'observe' || next.kind === 'test') return decision;
  const isServed = next.kind === 'done' || decision.events.some(({ type }) => type === 'succeeded');
  const ended = isServed ? endStall(decision.state, next) : { state: decision.state };
  const blockage = blockageOf(observation, { ...decision, ...ended });
  if (!blockage)
    return { ...decision, ...ended, state: isUnblocked(next, ended.state) ? unblocked(ended.state) : ended.state };
  const noted = noteBlockage(ended.state, blockage, observation);
  if (noted.stall && needsSources(observation, next))
    return { ...decision, next: { kind: 'observe', what: 'sources' } };
  return { ...decision, ...ended, ...noted, next: untilStalled(next, noted.state, observation) };
}

/** Notes that something blocks the newest revision, and publishes it once it has done so for too long. */
export function noteBlockage(
  state: EndpointState,
  { reason, message, revision, needsPerson, since: blockedSince }: Blockage,
  { now, spec }: Clock,
): StallChange {
  const before = state.stalled;
  const since = Math.min(before?.since ?? now, blockedSince ?? now);
  const isDue = needsPerson === true || now - since >= stalledAfterMs(spec);
  const isPublished = before?.published === true && !before.rebuilt;
  if (before && (isPublished || !isDue)) return { state };
  const stalled: Stall = {
    since,
    reason,
    message: truncateMessage(message) ?? '',
    ...(isDue && { published: true }),
  };
  const next = { ...state, stalled };
  if (!isDue) return { state: next };
  return {
    state: next,
    stall: { type: 'stalled', reason, message, since, ...(revision !== undefined && { revision }) },
  };
}

/** The newest revision serves or is quarantined, or there is nothing left to serve it. */
function endStall(state: EndpointState, next: Next): StallChange {
  const { stalled, ...rest } = state;
  if (!stalled) return { state };
  if (!stalled.published) return { state: rest };
  const { reason, message } = next.kind === 'done' ? next : { reason: 'Serving', message: 'The refresh succeeded.' };
  return { state: rest, stall: { type: 'recovered', reason, message, since: stalled.since } };
}

/**
 * What blocks the newest revision, if anything does. Settling, a person's suspension, and an update, staging or tests
 * of the controller that are in progress are no blockage.
 */
function blockageOf({ now, spec, sources, endpoint }: Observation, { next, state }: Decision): Blockage | undefined {
  if (next.kind === 'stalled') return { ...next, needsPerson: true };
  if (next.kind !== 'requeue') return undefined;
  const { reason, message, revision } = next;
  if (reason === 'Settling' || reason === 'Suspended') return undefined;
  if (reason === 'Listing' || reason === 'Checking') {
    const begun = reason === 'Listing' ? state.listing : state.checking;
    return isOverdue(begun, { now, spec }) ? { reason, message, revision, since: begun.since } : undefined;
  }
  if (reason === 'Testing' && isFirstTest(state.rollout)) return undefined;
  const isNewest = sources?.kind === 'complete' && sources.revision === state.serving?.revision;
  // An endpoint in service is only busy with what the controller does, or is about to do.
  const isOwn = recordedUpdate(state) !== undefined || (endpoint !== 'gone' && endpoint.status === 'InService');
  if (reason === 'EndpointBusy' && (isOwn || isNewest)) return undefined;
  return { reason, message, revision };
}

/**
 * Whether nothing blocks the revision any more: a person holds it, or SageMaker makes the update. Where attempts have
 * failed, this one may, too.
 */
function isUnblocked(next: Next, state: EndpointState): boolean {
  if (next.kind !== 'requeue') return false;
  const isUpdated = next.reason === 'EndpointBusy' && recordedUpdate(state)?.accepted === true && !state.retries;
  return next.reason === 'Suspended' || isUpdated;
}

/** What blocked the revision for too short a time to be published is over. */
function unblocked(state: EndpointState): EndpointState {
  const { stalled, ...rest } = state;
  return stalled && !stalled.published ? rest : state;
}

/** A listing or a check in several passes is no blockage, unless it takes too long. */
function isOverdue<Begun extends { readonly since: number }>(
  begun: Begun | undefined,
  { now, spec }: Clock,
): begun is Begun {
  return begun !== undefined && now - begun.since >= stalledAfterMs(spec);
}

/** Whether nothing shows yet that there is anything newer to serve. */
function needsSources({ sources }: Observation, next: Next): boolean {
  return next.kind === 'requeue' && next.reason === 'EndpointBusy' && sources === undefined;
}

/** No pause extends beyond the time at which the blockage must be published. */
function untilStalled(next: Next, state: EndpointState, clock: Clock): Next {
  if (next.kind !== 'requeue' || next.seconds === undefined) return next;
  return { ...next, seconds: withinStall(next.seconds, state, clock) };
}

/** The pause, in seconds, shortened so that it ends when a blockage must be published. */
export function withinStall(seconds: number, { stalled }: EndpointState, { now, spec }: Clock): number {
  if (!stalled || stalled.published) return seconds;
  const left = Math.ceil((stalled.since + stalledAfterMs(spec) - now) / 1000);
  return Math.max(1, Math.min(seconds, left));
}
