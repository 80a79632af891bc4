import type { NextStep } from '../next.ts';
import type { MissingSources, Observation, SourcesView } from '../observation.ts';
import { type RolloutContext, refuseUntried } from '../ready-endpoint.ts';
import { backToSettling, type Rollout, recordedUpdate, type Settling } from '../rollout.ts';
import { describeMissing } from '../source-object.ts';
import type { EndpointState } from '../state.ts';
import { stageOrSwap } from './staging.ts';

/** A pass that comes this much later than it was requeued for may have missed a quiet time, in seconds. */
const LATE_PASS_SECONDS = 10;

/** How long after a change its request is sent, in ms, unless its event is late. */
const EVENT_DELAY_MS = 5_000;

/** First phase: waits until nothing newer was uploaded for waitTime, at most for maxWaitTime. */
export function settle(context: RolloutContext): NextStep {
  const { observation, state, target } = context;
  const { now, sources } = observation;
  const { waitTime, maxWaitTime } = observation.spec;
  const { revision, newest } = target;
  // A rollback is no part of a stream of uploads.
  const before = state.rollout?.trigger === 'upload' ? state.rollout : undefined;
  const { rollout, isStream } = sightOf(observation, before, target);
  const known =
    rollout === before && rollout.phase === 'settling' ? state : { ...state, rollout: backToSettling(rollout) };
  const left = Math.ceil(waitTime - (readAt(observation) - Math.max(newest, rollout.seen)) / 1000);
  const isBounded = maxWaitTime !== undefined && isStream;
  const bound = isBounded ? Math.ceil(maxWaitTime - (now - rollout.since) / 1000) : left;
  if (left > 0 && bound > 0) {
    // A clock ahead of S3's must not stretch one wait beyond waitTime.
    const seconds = Math.min(left, bound, Math.max(1, waitTime));
    const message = `The newest source must be ${waitTime} s old.`;
    return {
      next: { kind: 'requeue', reason: 'Settling', message, seconds, revision },
      state: known,
    };
  }
  const unmarked = unmarkedMessage(observation, newest);
  if (unmarked !== undefined) {
    return { next: { kind: 'requeue', reason: 'MarkerMissing', message: unmarked, revision }, state: known };
  }
  if (sources?.kind === 'missing') return refuseUntried(context, missingMessage(observation, sources));
  return stageOrSwap(rollout === before ? context : { ...context, state: { ...state, rollout } });
}

/** Notes what is uploaded while the endpoint is being updated, so that it settles meanwhile. */
export function noteUpcoming(observation: Observation, sources: SourcesView, state: EndpointState): EndpointState {
  const { revision, newest = 0 } = sources;
  const { upcoming, observed, rollout } = state;
  const { revision: next } = recordedUpdate(state) ?? state.serving ?? {};
  const settling = rollout?.phase === 'settling' ? rollout : undefined;
  // What was there before may be quarantined, or rolled back, or wait for the end of a deployment.
  const known = [next, observed?.revision, rollout?.revision];
  const isNew = revision !== undefined && !known.includes(revision);
  const noted = isNew ? sightOf(observation, upcoming ?? settling, { revision, newest }).rollout : undefined;
  const isSame = noted === upcoming && newest === (upcoming?.newest ?? newest);
  return isSame ? state : { ...state, upcoming: noted && { ...noted, newest } };
}

/** A revision of the sources, and the LastModified of its newest one, epoch ms. */
interface ReadRevision {
  readonly revision: string;
  readonly newest: number;
}

/** The rollout of the revision: that before, if it is one of the same, and otherwise one that begins. */
function sightOf<Before extends Rollout>(
  observation: Observation,
  before: Before | undefined,
  { revision, newest }: ReadRevision,
): { readonly rollout: Before | Settling; readonly isStream: boolean } {
  const { now } = observation;
  const seen = firstSeen(observation, before);
  const { since, isStream } = streamOf(observation, before, { revision, newest, seen });
  if (before?.revision === revision) return { rollout: requestedAgain(before, observation), isStream };
  const read = seen < now ? { readAt: now } : {};
  return { rollout: { phase: 'settling', revision, trigger: 'upload', seen, ...read, since }, isStream };
}

/**
 * When a revision that this pass is the first to read was there: a request that waited in the batching window was sent
 * for it. Not before the sources were last read, nor more than half of waitTime ago, should requests be late.
 */
function firstSeen({ now, requestedAt = now, spec }: Observation, before: Rollout | undefined): number {
  const lastReadAt = before?.phase === 'settling' ? (before.readAt ?? before.seen) : (before?.seen ?? 0);
  return Math.min(now, Math.max(requestedAt, lastReadAt, now - (spec.waitTime * 1000) / 2));
}

/** A request that came soon after the revision was first read may be for a change that was read with it. */
function requestedAgain<Before extends Rollout>(before: Before, { requestedAt }: Observation): Before {
  if (before.phase !== 'settling' || before.readAt === undefined || requestedAt === undefined) return before;
  if (requestedAt > before.readAt + EVENT_DELAY_MS) return before;
  const seen = Math.min(requestedAt, before.readAt);
  return seen > before.seen ? { ...before, seen } : before;
}

/** Whether the target continues a stream of uploads, none of which settled, and when the stream began, epoch ms. */
function streamOf(
  observation: Observation,
  before: Rollout | undefined,
  { revision, newest, seen }: ReadRevision & { readonly seen: number },
): { readonly isStream: boolean; readonly since: number } {
  const { now, spec } = observation;
  // A revision that settled, and could not be swapped for another reason, ends the stream.
  const changed = newest > (before?.seen ?? 0) || before?.revision === revision ? newest : seen;
  // So does a quiet time without a pass: what a deletion changed afterwards has no date.
  const isPaused = before?.revision !== revision && now - changed >= spec.waitTime * 1000;
  const isUnpaused = before !== undefined && !isPaused && changed - before.seen < spec.waitTime * 1000;
  const isStream = before !== undefined && (isUnpaused || isReplaced(observation, before, revision));
  // The request may have been sent for something else, before the upload.
  return { isStream, since: isStream ? before.since : Math.max(seen, newest) };
}

/**
 * Whether the pass that was to find the revision settled finds another one, whenever S3 says that was written: a
 * multipart upload is dated by its start.
 */
function isReplaced(observation: Observation, before: Rollout, revision: string): boolean {
  const ageMs = readAt(observation) - before.seen;
  const isSettling = before.phase === 'settling' && before.revision !== revision;
  return isSettling && ageMs < (observation.spec.waitTime + LATE_PASS_SECONDS) * 1000;
}

/** When the sources were read: what is written during a listing may be missing from it, so its beginning counts. */
function readAt({ now, sources, readAt: readInPass = now }: Observation): number {
  return sources?.resumed?.since ?? readInPass;
}

/** Why the marker does not yet stand for what was read; undefined: it does, or none is declared. */
function unmarkedMessage(observation: Observation, newest: number): string | undefined {
  const { marker, resumed } = observation.sources ?? {};
  if (!marker) return undefined;
  const { uri, lastModified } = marker;
  if (lastModified === undefined) return `There is no marker at ${uri}. Upload it after the other objects.`;
  if (lastModified < newest) return `The marker ${uri} is older than the newest source. Upload it after the others.`;
  // What was listed before the marker was written may have changed until then.
  if (resumed && lastModified > resumed.since) return `The sources are listed again, after the marker ${uri}.`;
  return undefined;
}

function missingMessage({ spec }: Observation, { uris, faults = [] }: MissingSources): string {
  if (uris.length === 0) return faults.join(' ');
  const total = spec.sources.filter((source) => !('marker' in source)).length;
  const count = `${uris.length} of ${total} sources ${uris.length === 1 ? 'is' : 'are'} missing`;
  const missing = describeMissing(uris, 'Upload the missing objects.');
  return [...faults, `${count}: ${missing.charAt(0).toLowerCase()}${missing.slice(1)}`].join(' ');
}
