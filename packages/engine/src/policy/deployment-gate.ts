import type { EndpointSpec } from '@freshpoint/cdk/contract';
import { type Conclusion, conclude, isUpdateImminent, LEASE_TTL_MS, needsSmokeTests } from './conclude.ts';
import { BUSY_STATUSES } from './decide.ts';
import { pollSeconds } from './next.ts';
import type { EndpointView, SourcesView } from './observation.ts';
import type { EndpointState } from './state.ts';

/** What a deployment is to be told. */
export type GateNext =
  /** The endpoint is idle, or there is none. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'requeue'; readonly seconds: number; readonly message: string }
  /** It was busy until the deadline. */
  | { readonly kind: 'refuse'; readonly message: string };

/** One look on behalf of a deployment. */
export interface GateDecision extends Conclusion {
  readonly next: GateNext;
}

/** Whether a deployment may go on: it must not meet an update, nor an update it. Pure. */
export function decideGate(o: {
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
}): GateDecision {
  if (!o.spec || o.endpoint === 'gone') return { state: o.state, events: [], next: { kind: 'ready' } };
  const { spec, endpoint, state } = o;
  const wait = (conclusion: Conclusion, message: string): GateDecision => {
    const late = o.now >= o.deadline;
    const told = `Endpoint ${spec.endpointName} stayed busy: ${message}. Deploy again when it is InService.`;
    return {
      ...conclusion,
      next: late ? { kind: 'refuse', message: told } : { kind: 'requeue', seconds: pollSeconds(spec), message },
    };
  };

  if (isUpdateImminent(o.now, spec, state, endpoint)) return wait({ state, events: [] }, 'a refresh is about to begin');
  if (needsSmokeTests(spec, state, endpoint) && !state.updating?.verdict)
    return wait({ state, events: [] }, 'smoke tests are under way');
  const { staging } = state;
  if (staging && !staging.paused && o.now - staging.at < LEASE_TTL_MS) {
    return wait({ state, events: [] }, `slot ${staging.slot.toUpperCase()} is being filled`);
  }
  const conclusion = conclude(o.now, spec, state, endpoint, o.sources, state.updating?.verdict);
  if (conclusion.stale) return wait(conclusion, 'a refresh was accepted but is not visible yet');
  // Out of service for a reason of its own: a deployment may be what mends it.
  if (BUSY_STATUSES.has(endpoint.status) && endpoint.status !== 'OutOfService') {
    return wait(conclusion, `the endpoint is ${endpoint.status}`);
  }
  return { ...conclusion, next: { kind: 'ready' } };
}
