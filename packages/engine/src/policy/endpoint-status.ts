import type { EndpointStatus, EndpointView } from './observation.ts';
import { recordedUpdate } from './rollout.ts';
import type { EndpointState } from './state.ts';

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

/** Whether the answer of DescribeEndpoint is older than what the state knows of the endpoint. */
export function isOutdated({ lastModified }: EndpointView, state: EndpointState): boolean {
  const known = [state.serving?.since, recordedUpdate(state)?.endpointModified, state.movedAt];
  return known.some((at) => at !== undefined && lastModified < at);
}

/** The state that knows when others moved the endpoint, so that no earlier answer is believed any more. */
export function withMove(state: EndpointState, { configName, lastModified }: EndpointView): EndpointState {
  const { serving, movedAt = 0 } = state;
  const isMoved = serving !== undefined && serving.configName !== configName;
  return isMoved && movedAt < lastModified ? { ...state, movedAt: lastModified } : state;
}
