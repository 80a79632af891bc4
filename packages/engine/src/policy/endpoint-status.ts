import type { EndpointStatus, EndpointView } from './observation.ts';
import { recordedUpdate } from './rollout.ts';
import type { EndpointState, ObservedMove } from './state.ts';

/** Statuses in which SageMaker works on the endpoint or accepts no update. */
export const BUSY_STATUSES: ReadonlySet<EndpointStatus> = new Set([
  'Creating',
  'Updating',
  'SystemUpdating',
  'RollingBack',
  'Deleting',
  // Unverified whether UpdateEndpoint is accepted; the controller swaps only when InService.
  'OutOfService',
]);

/** Whether SageMaker works on the endpoint. One that is out of service waits: a deployment may bring it back. */
export function isInTransition({ status }: EndpointView): boolean {
  return BUSY_STATUSES.has(status) && status !== 'OutOfService';
}

/** LastModifiedTime, epoch ms; 0: there is no endpoint. */
export function lastModifiedOf(endpoint: EndpointView | 'gone'): number {
  return endpoint === 'gone' ? 0 : endpoint.lastModified;
}

/** The endpoint's last update, as an answer of DescribeEndpoint shows it. */
export function lastMoveOf({ configName, lastModified }: EndpointView): ObservedMove {
  return { configName, endpointModified: lastModified };
}

/** Whether the answer of DescribeEndpoint is older than what the state knows of the endpoint. */
export function isOutdated({ lastModified }: EndpointView, state: EndpointState): boolean {
  const { serving, moved } = state;
  const known = [serving?.since, recordedUpdate(state)?.endpointModified, moved?.endpointModified];
  return known.some((modified = 0) => lastModified < modified);
}

/**
 * The state in which an endpoint is being updated by others. Otherwise an answer from before that update, with a fleet
 * in service that is not the endpoint's any more, would be believed once it has ended.
 */
export function withTransition(state: EndpointState, endpoint: EndpointView): EndpointState {
  const { serving, moved } = state;
  if (!serving || recordedUpdate(state)) return state;
  if (endpoint.lastModified <= Math.max(serving.since, moved?.endpointModified ?? 0)) return state;
  return { ...state, moved: { ...lastMoveOf(endpoint), ...(moved && { configName: moved.configName }) } };
}

/**
 * The state in which an endpoint in service on another config than it was last observed on has moved. An outdated
 * answer shows no move: recorded as one, it would make others like it believed.
 */
export function withMove(state: EndpointState, endpoint: EndpointView): EndpointState {
  const { serving, moved } = state;
  const before = moved?.configName ?? serving?.configName;
  if (before === undefined || before === endpoint.configName || isOutdated(endpoint, state)) return state;
  return { ...state, moved: lastMoveOf(endpoint) };
}
