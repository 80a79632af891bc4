import type { EndpointSpec } from '@freshpoint/cdk/contract';
import { type Conclusion, conclude, isAboutToBegin, isToBeTested, OWNER_ALIVE } from './conclude.ts';
import { BUSY } from './decide.ts';
import { pollSeconds } from './next.ts';
import type { EndpointView, SourcesView } from './observation.ts';
import type { EndpointState } from './state.ts';

/** What a deployment is to be told. */
export type PrepareNext =
  /** The endpoint is idle, or there is none. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'wait'; readonly seconds: number; readonly detail: string }
  /** It was busy until the deadline. */
  | { readonly kind: 'refuse'; readonly detail: string };

/** One look on behalf of a deployment. */
export interface PrepareDecision extends Conclusion {
  readonly next: PrepareNext;
}

/** Whether a deployment may go on: it must not meet an update, nor an update it. Pure. */
export function decidePrepare(o: {
  /** Epoch ms. */
  readonly now: number;
  /** Epoch ms. */
  readonly deadline: number;
  /** What the last deployment declared; absent: this is the first. */
  readonly spec?: EndpointSpec;
  readonly state: EndpointState;
  readonly endpoint: EndpointView | 'gone';
  /** Of `spec`; needed only where the state has an intent. Absent: they could not be read. */
  readonly sources?: SourcesView;
}): PrepareDecision {
  if (!o.spec || o.endpoint === 'gone') return { state: o.state, tell: [], next: { kind: 'ready' } };
  const { spec, endpoint, state } = o;
  const wait = (conclusion: Conclusion, detail: string): PrepareDecision => {
    const late = o.now >= o.deadline;
    const told = `Endpoint ${spec.endpointName} stayed busy: ${detail}. Deploy again when it is InService.`;
    return {
      ...conclusion,
      next: late ? { kind: 'refuse', detail: told } : { kind: 'wait', seconds: pollSeconds(spec), detail },
    };
  };

  if (isAboutToBegin(o.now, spec, state, endpoint)) return wait({ state, tell: [] }, 'a refresh is about to begin');
  if (isToBeTested(spec, state, endpoint) && !state.intent?.verdict)
    return wait({ state, tell: [] }, 'smoke tests are under way');
  const { filling } = state;
  if (filling && !filling.paused && o.now - filling.at < OWNER_ALIVE) {
    return wait({ state, tell: [] }, `slot ${filling.slot.toUpperCase()} is being filled`);
  }
  const conclusion = conclude(o.now, spec, state, endpoint, o.sources, state.intent?.verdict);
  if (conclusion.stale) return wait(conclusion, 'a refresh was accepted but is not visible yet');
  // Out of service for a reason of its own: a deployment may be what mends it.
  if (BUSY.has(endpoint.status) && endpoint.status !== 'OutOfService') {
    return wait(conclusion, `the endpoint is ${endpoint.status}`);
  }
  return { ...conclusion, next: { kind: 'ready' } };
}
