import { StateConflict } from '../errors.ts';
import { pollSeconds } from '../policy/next.ts';
import { eventSubject } from '../policy/refresh-event.ts';
import { shortRevision } from '../policy/revision.ts';
import { ROLLOUT_REASONS } from '../policy/rollout.ts';
import { type Updating, withoutUpdating } from '../policy/state.ts';
import type { StoredState } from '../ports.ts';
import type { EndpointPass } from './pass.ts';
import { publish } from './publish.ts';
import { endPass, type ReconcileResult } from './result.ts';

/** Attempts to record an acceptance. Each further one needs yet another write within milliseconds. */
const MAX_ACCEPTANCE_WRITES = 5;

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
  const seconds = pollSeconds(spec);
  const recorded = { ...state, deployment: undefined, updating };
  const at = await ports.states.write(store, recorded, etag);
  const outcome = await ports.endpoints.update(spec, updating.configName);
  if (outcome.kind === 'rejected') {
    await ports.states.write(store, withoutUpdating(recorded), at);
    if (!outcome.busy) throw outcome.error;
    const { message } = outcome.error;
    return endPass(pass, { kind: 'requeue', reason: 'EndpointBusy', message, seconds, revision });
  }
  await publish(pass, [{ type: 'started', ...eventSubject(updating) }], recorded);
  await recordAcceptance(pass, { state: recorded, etag: at }, updating);
  ports.telemetry.decision({
    endpoint,
    decision: 'swap',
    reason: ROLLOUT_REASONS[updating.trigger],
    message: updating.warning,
    revision: shortRevision(revision),
    slot,
    seconds,
  });
  return { kind: 'requeue', seconds };
}

/** After a conflict, the acceptance is recorded in the state that is there now, if that still has the update. */
async function recordAcceptance(
  { ports, store }: EndpointPass,
  recorded: StoredState,
  updating: Updating,
): Promise<void> {
  let known: StoredState | undefined = recorded;
  for (let attempt = 1; known?.state.updating?.at === updating.at; attempt++) {
    const { state, etag }: StoredState = known;
    try {
      await ports.states.write(store, { ...state, updating: { ...updating, accepted: true } }, etag);
      return;
    } catch (error) {
      if (!(error instanceof StateConflict) || attempt === MAX_ACCEPTANCE_WRITES) throw error;
      known = await ports.states.read(store);
    }
  }
}
