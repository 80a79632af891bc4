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
  return lastModified < Math.max(state.serving?.since ?? 0, recordedUpdate(state)?.endpointModified ?? 0);
}
