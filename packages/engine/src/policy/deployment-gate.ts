import type { EndpointSpec, SlotData } from '@freshpoint/cdk/contract';
import type { Conclusion } from './conclusion.ts';
import { concludeDeployment, hasMoved } from './deployed.ts';
import { isInTransition, isOutdated } from './endpoint-status.ts';
import { leaseLeftMs } from './lease.ts';
import { shortPollSeconds } from './next.ts';
import type { EndpointView, ExistingEndpoint, SourcesView } from './observation.ts';
import { deferTests, isUnanswered, needsSmokeTests, nextTest } from './phases/testing.ts';
import { conclude, isUpdateImminent } from './phases/updating.ts';
import { recordedUpdate } from './rollout.ts';
import { activeSlot, slotLetter } from './slots.ts';
import type { EndpointState } from './state.ts';

/** What happens to a deployment that waits at the gate. */
export type GateNext =
  /** The endpoint is idle, or does not exist. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'requeue'; readonly seconds: number; readonly message: string }
  /** The endpoint was busy until the deadline. */
  | { readonly kind: 'refuse'; readonly message: string };

/** The outcome of one pass for a deployment. */
export interface GateDecision extends Conclusion {
  readonly next: GateNext;
}

/** What the gate knows of the endpoint. */
export interface GateObservation {
  /** Epoch ms. */
  readonly now: number;
  /** Epoch ms. */
  readonly deadline: number;
  /** What the previous deployment declared; absent: this is the first one. */
  readonly spec?: EndpointSpec;
  /** The slot data of the deployment's models. Absent: they load the sources in place. */
  readonly data?: SlotData;
  readonly state: EndpointState;
  readonly endpoint: EndpointView | 'gone';
  /** Sources of `spec`, needed only where the state has an update or a deployment. Absent: they could not be read. */
  readonly sources?: SourcesView;
  /** The end of the recorded update was published. It is recorded, whatever the deployment has to wait for. */
  readonly isPublished?: boolean;
}

/** Whether a deployment may proceed: it must not collide with an update of the endpoint. Pure. */
export function decideGate(observation: GateObservation): GateDecision {
  const { now, deadline, spec, data, state, endpoint } = observation;
  if (!spec || endpoint === 'gone') return { state, events: [], next: { kind: 'ready' } };
  const o = { ...observation, spec, endpoint };
  const wait = (conclusion: Conclusion, cause: string): GateDecision => {
    const { endpointName } = spec;
    const next: GateNext =
      now >= deadline
        ? {
            kind: 'refuse',
            message: `Endpoint ${endpointName} stayed busy: ${cause}. Deploy again when it is InService.`,
          }
        : { kind: 'requeue', seconds: shortPollSeconds(spec), message: `Endpoint ${endpointName} is busy: ${cause}.` };
    return { ...conclusion, next };
  };

  const unchanged = { state, events: [] };
  if (isOutdated(endpoint, state)) return wait(unchanged, 'DescribeEndpoint answers with an earlier state');
  if (isUpdateImminent(o)) return wait(unchanged, 'a refresh is about to start');
  const test = needsSmokeTests(o) ? nextTest(o) : undefined;
  const concluded = observation.isPublished ? concludeAll(o, conclude(o)) : unchanged;
  if (test && !isUnanswered(state.rollout, now)) return wait(concluded, 'smoke tests are running');
  const { lease } = state;
  if (lease && leaseLeftMs(lease, now) > 0) {
    return wait(concluded, `slot ${slotLetter(lease.slot)} is being staged`);
  }
  const update = recordedUpdate(state);
  // With other slot data, the deployment loads another revision, which the tests of this one say nothing about.
  const isDeferred = test && update && spec.data?.root === data?.root;
  const conclusion = isDeferred ? deferTests(o, update) : conclude(o);
  if (conclusion.stale) return wait(conclusion, 'an accepted refresh is not visible yet');
  if (isInTransition(endpoint)) return wait(conclusion, `the endpoint is ${endpoint.status}`);
  return { ...concludeAll(o, conclusion), next: { kind: 'ready' } };
}

/** Adds the deployment before, if no pass has recorded yet that it moved the endpoint. */
function concludeAll({ spec, endpoint, sources }: ExistingEndpoint, conclusion: Conclusion): Conclusion {
  const { deployment } = conclusion.state;
  const slot = activeSlot(spec, endpoint.configName);
  if (!deployment || !slot || endpoint.status !== 'InService' || !hasMoved(deployment, { endpoint, slot })) {
    return conclusion;
  }
  const { state, events } = concludeDeployment({ endpoint, spec, sources, slot }, conclusion.state, deployment);
  return { state, events: [...conclusion.events, ...events] };
}
