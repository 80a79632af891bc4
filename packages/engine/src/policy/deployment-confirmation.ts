import type { ConfirmationRequest } from '@freshpoint/cdk/contract';
import type { Conclusion } from './conclusion.ts';
import { concludeDeployment, hasMoved } from './deployed.ts';
import { isInTransition, isOutdated } from './endpoint-status.ts';
import { LEASE_TTL_MS, leaseLeftMs } from './lease.ts';
import type { EndpointView, SourcesView } from './observation.ts';
import { recordedUpdate } from './rollout.ts';
import { activeSlot, ownsAllData, slotLetter } from './slots.ts';
import type { EndpointState } from './state.ts';

/** What happens to a deployment that waits for its confirmation. */
export type ConfirmationNext =
  | { readonly kind: 'requeue'; readonly message: string }
  /** Observe the sources, then decide again. */
  | { readonly kind: 'observe' }
  /** The endpoint runs what was deployed. */
  | { readonly kind: 'confirmed' }
  | { readonly kind: 'refuse'; readonly message: string };

/** The outcome of one pass for the confirmation. */
export interface ConfirmationDecision extends Conclusion {
  readonly next: ConfirmationNext;
}

/** What the confirmation knows of the endpoint. */
export interface ConfirmationObservation {
  /** Epoch ms. */
  readonly now: number;
  /** When CloudFormation asked, epoch ms. */
  readonly requestedAt: number;
  readonly request: Pick<ConfirmationRequest, 'endpointName' | 'configs' | 'data'>;
  readonly state: EndpointState;
  readonly endpoint: EndpointView | 'gone';
  readonly sources?: SourcesView;
}

/** How long DescribeEndpoint may answer with what was before the deployment, in ms. */
const OUTDATED_ENDPOINT_MS = 60_000;

/**
 * Whether the endpoint runs what was deployed. CloudFormation may take an update that SageMaker rolled back without a
 * reason for a success, and would go on to delete the endpoint config in use. Pure.
 */
export function decideConfirmation(o: ConfirmationObservation): ConfirmationDecision {
  const { state, endpoint, request } = o;
  const end = (next: ConfirmationNext): ConfirmationDecision => ({ state, events: [], next });
  if (endpoint !== 'gone' && isOutdated(endpoint, state)) {
    return end({ kind: 'requeue', message: 'DescribeEndpoint answers with an earlier state.' });
  }
  if (endpoint !== 'gone' && isInTransition(endpoint)) {
    return end({ kind: 'requeue', message: `Endpoint ${request.endpointName} is ${endpoint.status}.` });
  }
  const slot = endpoint !== 'gone' && endpoint.status === 'InService' && activeSlot(request, endpoint.configName);
  if (endpoint === 'gone' || !slot) {
    const message = `${describeFailure(endpoint, request)} Deploy again.`;
    return end({ kind: o.now < o.requestedAt + OUTDATED_ENDPOINT_MS ? 'requeue' : 'refuse', message });
  }
  const { deployment } = state;
  if (!deployment) return end({ kind: 'confirmed' });
  const next = { kind: 'confirmed' } as const;
  if (!hasMoved(deployment, { endpoint, slot }))
    return { state: { ...state, deployment: undefined }, events: [], next };
  // A pin may have to be told in the terms of these sources.
  const needsSources = state.pin !== undefined || (!ownsAllData(request) && deployment.revision !== undefined);
  if (needsSources && !o.sources) return end({ kind: 'observe' });
  const deployed = { endpoint, spec: request, sources: o.sources, slot };
  return { ...concludeDeployment(deployed, state, deployment), next };
}

/** Why the endpoint does not run what was deployed. */
function describeFailure(
  endpoint: EndpointView | 'gone',
  { endpointName, configs }: ConfirmationObservation['request'],
): string {
  if (endpoint === 'gone') return `Endpoint ${endpointName} does not exist.`;
  const { status, configName, failureReason } = endpoint;
  const why = failureReason ?? 'SageMaker rolled the update back without a reason.';
  const runs = `runs endpoint config ${configName}, expected ${configs.a}`;
  return `Endpoint ${endpointName} is ${status} and ${runs}: ${why}`;
}

/** Why the endpoint cannot be deleted yet, although no refresh begins any more; undefined: it is idle. */
export function busyBeforeDeletion(
  endpoint: EndpointView | 'gone',
  state: EndpointState,
  now: number,
): string | undefined {
  if (endpoint === 'gone') return undefined;
  if (isInTransition(endpoint)) return `The endpoint is ${endpoint.status}.`;
  // The pass that recorded the update may be about to call UpdateEndpoint, or DescribeEndpoint may not show it yet.
  const update = recordedUpdate(state);
  const isPending = update && now - update.at < LEASE_TTL_MS && endpoint.lastModified <= update.endpointModified;
  if (isPending) return 'A refresh has just started.';
  const { lease } = state;
  if (lease && leaseLeftMs(lease, now) > 0) return `Slot ${slotLetter(lease.slot)} is being staged.`;
  return undefined;
}
