import type { EndpointStatus } from './observation.ts';

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
