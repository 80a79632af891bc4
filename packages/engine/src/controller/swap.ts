import { judgeFailure } from '../policy/failure-reasons.ts';
import { pollSeconds, shortPollSeconds } from '../policy/next.ts';
import { ROLLOUT_REASONS } from '../policy/ready-endpoint.ts';
import { eventSubject } from '../policy/refresh-event.ts';
import { describeRetries, nextAttempt } from '../policy/retries.ts';
import { shortRevision } from '../policy/revision.ts';
import { recordedUpdate, type Updating } from '../policy/rollout.ts';
import { noteBlockage, withinStall } from '../policy/stalled.ts';
import { withoutUpdate } from '../policy/state.ts';
import type { StoredState } from '../ports.ts';
import { describeError } from './failed-call.ts';
import type { EndpointPass } from './pass.ts';
import { publish } from './publish.ts';
import { endPass, type ReconcileResult } from './result.ts';
import { rewriteState } from './rewrite-state.ts';
import { endHindered, measureStall, writeStalled } from './stalls.ts';

/**
 * Calls UpdateEndpoint. The state records the update before the call, and afterwards whether it was accepted; a call
 * without an answer stays recorded, and the next pass concludes it.
 */
export async function swap(
  pass: EndpointPass,
  { state, etag }: StoredState,
  updating: Updating,
): Promise<ReconcileResult> {
  const { ports, endpoint, store, spec } = pass;
  const { revision, slot } = updating;
  const recorded = { ...state, deployment: undefined, rollout: updating };
  const at = await ports.states.write(store, recorded, etag);
  const outcome = await ports.endpoints.update(spec, updating.configName);
  if (outcome.kind === 'rejected') {
    const shortPoll = shortPollSeconds(spec);
    if ((outcome.inUse && updating.repeatsAt !== undefined) || (outcome.busy && (await isUnderWay(pass, updating)))) {
      // An earlier attempt whose reply was lost: the next pass adopts or concludes it.
      const message = 'An update of the endpoint to this slot is in progress, or has ended, already.';
      return endPass(pass, { kind: 'requeue', reason: 'EndpointBusy', message, seconds: shortPoll, revision });
    }
    if (!outcome.busy) return reject(pass, { state: withoutUpdate(recorded), etag: at }, updating, outcome.error);
    const rejected = withoutUpdate(recorded);
    const known = { state: rejected, etag: await ports.states.write(store, rejected, at) };
    const message = describeError(outcome.error, spec);
    return endHindered(pass, known, { kind: 'requeue', reason: 'EndpointBusy', message, seconds: shortPoll, revision });
  }
  const seconds = pollSeconds(spec);
  const { leftOut = [] } = outcome;
  const unretained = leftOut.length > 0 ? `SageMaker refused ${leftOut.join(' and ')}: updated without.` : undefined;
  try {
    await publish(pass, { events: [{ type: 'started', ...eventSubject(updating) }], state: recorded });
  } finally {
    // An event bus that fails must not make the update one that may never have been requested.
    await recordAcceptance(pass, { state: recorded, etag: at }, updating);
  }
  ports.telemetry.decision({
    endpoint,
    decision: 'swap',
    reason: ROLLOUT_REASONS[updating.trigger],
    message: [updating.warning, unretained].filter((text) => text !== undefined).join(' ') || undefined,
    revision: shortRevision(revision),
    slot,
    seconds,
  });
  return { kind: 'requeue', seconds };
}

/** SageMaker rejected the call, which says nothing about the revision: it is tried again after a pause. */
async function reject(
  pass: EndpointPass,
  { state, etag }: StoredState,
  { revision, trigger }: Updating,
  error: Error,
): Promise<ReconcileResult> {
  const { ports, endpoint, spec } = pass;
  const message = `${error.name}: ${error.message}`;
  const at = ports.now();
  const { fault } = judgeFailure(message);
  const retries = nextAttempt(state, { revision, trigger, stage: 'call', fault, message, at });
  const pause = Math.ceil(((retries?.nextAt ?? at) - at) / 1000);
  const text = retries ? describeRetries(retries, spec) : message;
  const clock = { now: at, spec };
  const noted = noteBlockage({ ...state, retries }, { reason: 'Retrying', message: text, revision }, clock);
  const seconds = withinStall(pause, noted.state, clock);
  ports.telemetry.error(endpoint, error, seconds);
  await publish(pass, { ...noted, events: [] });
  await writeStalled(pass, etag, noted);
  measureStall(pass, state, noted.state);
  return endPass(pass, { kind: 'requeue', reason: 'Retrying', message: text, seconds, revision });
}

/** Whether SageMaker is making the update that was refused as busy. */
async function isUnderWay({ ports, spec }: EndpointPass, { configName }: Updating): Promise<boolean> {
  const view = await ports.endpoints.describe(spec.endpointName);
  return view !== 'gone' && view.status === 'Updating' && view.pendingConfigName === configName;
}

/** After a conflict, the acceptance is recorded in the state that is there now, if that still has the update. */
function recordAcceptance(pass: EndpointPass, recorded: StoredState, updating: Updating): Promise<void> {
  return rewriteState(pass, recorded, (state) => {
    const update = recordedUpdate(state);
    return update?.at === updating.at ? { ...state, rollout: { ...update, accepted: true } } : undefined;
  });
}
