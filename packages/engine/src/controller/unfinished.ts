import type { EndpointState } from '../policy/state.ts';
import type { StoredState } from '../ports.ts';
import { RESUME_SECONDS } from './budget.ts';
import type { StoredEndpoint } from './pass.ts';

/** What a pass had no time to finish. The next pass continues it from the state. */
export interface UnfinishedWork {
  readonly kind: 'unfinished';
  readonly reason: 'Listing' | 'Checking';
  /** How far it came, in words. */
  readonly message: string;
  /** How far it came, for the state. */
  readonly progress: Pick<EndpointState, 'listing' | 'checking'>;
}

/** Ends a pass that does nothing else. */
export async function saveUnfinished(
  { ports, endpoint, store }: StoredEndpoint,
  { state, etag }: StoredState,
  { reason, message, progress }: UnfinishedWork,
): Promise<{ readonly kind: 'requeue'; readonly seconds: number }> {
  await ports.states.write(store, { ...state, ...progress }, etag);
  ports.telemetry.decision({ endpoint, decision: 'requeue', reason, message, seconds: RESUME_SECONDS });
  return { kind: 'requeue', seconds: RESUME_SECONDS };
}
