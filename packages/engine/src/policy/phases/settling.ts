import type { NextStep } from '../next.ts';
import type { Observation, SourcesView } from '../observation.ts';
import { type Rollout, refuseUntried } from '../rollout.ts';
import type { Settling } from '../state.ts';
import { stageOrSwap } from './staging.ts';

/** A pass that comes this much later than it was requeued for may have missed a quiet time, in seconds. */
const LATE_PASS_SECONDS = 10;

/** First phase: waits until nothing newer was uploaded for waitTime, at most for maxWaitTime. */
export function settle(rollout: Rollout): NextStep {
  const { observation, state, target } = rollout;
  const { now, sources } = observation;
  const { waitTime, maxWaitTime } = observation.spec;
  const { revision, newest } = target;
  const before = state.settling;
  const { since, isStream } = streamOf(observation, before, target);
  const settling = before?.revision === revision ? before : { revision, seen: now, since };
  const left = Math.ceil(waitTime - (readAt(observation) - Math.max(newest, settling.seen)) / 1000);
  const isBounded = maxWaitTime !== undefined && isStream;
  const bound = isBounded ? Math.ceil(maxWaitTime - (now - settling.since) / 1000) : left;
  if (left > 0 && bound > 0) {
    // A clock ahead of S3's must not stretch one wait beyond waitTime.
    const seconds = Math.min(left, bound, Math.max(1, waitTime));
    const message = `The newest source must be ${waitTime} s old.`;
    return {
      next: { kind: 'requeue', reason: 'Settling', message, seconds, revision },
      state: settling === before ? state : { ...state, settling },
    };
  }
  if (sources?.kind === 'missing') return refuseUntried(rollout, missingMessage(observation, sources));
  return stageOrSwap(rollout);
}

/** Whether the target continues a stream of uploads, none of which settled, and when the stream began, epoch ms. */
function streamOf(
  observation: Observation,
  before: Settling | undefined,
  { revision, newest }: { readonly revision: string; readonly newest: number },
): { readonly isStream: boolean; readonly since: number } {
  const { now, spec } = observation;
  // A revision that settled, and could not be swapped for another reason, ends the stream.
  const changed = newest > (before?.seen ?? 0) || before?.revision === revision ? newest : now;
  // So does a quiet time without a pass: what a deletion changed afterwards has no date.
  const isPaused = before?.revision !== revision && now - changed >= spec.waitTime * 1000;
  const isUnpaused = before !== undefined && !isPaused && changed - before.seen < spec.waitTime * 1000;
  const isStream = before !== undefined && (isUnpaused || isReplaced(observation, before, revision));
  return { isStream, since: isStream ? before.since : now };
}

/**
 * Whether the pass that was to find the revision settled finds another one, whenever S3 says that was written: a
 * multipart upload is dated by its start.
 */
function isReplaced(observation: Observation, before: Settling, revision: string): boolean {
  const ageMs = readAt(observation) - before.seen;
  return before.revision !== revision && ageMs < (observation.spec.waitTime + LATE_PASS_SECONDS) * 1000;
}

/** When the sources were read: what is written during a listing may be missing from it, so its beginning counts. */
function readAt({ now, sources }: Observation): number {
  return sources?.resumed?.since ?? now;
}

function missingMessage({ spec }: Observation, { uris }: SourcesView & { readonly kind: 'missing' }): string {
  const count = `${uris.length} of ${spec.sources.length} sources ${uris.length === 1 ? 'is' : 'are'} missing`;
  return `${count}: there is no object at ${uris.join(', ')}. Upload the missing objects.`;
}
