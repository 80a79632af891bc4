import type { EndpointState, Quarantined } from '@freshpoint/engine/policy/state';

/** That a revision is quarantined. */
export function refusalOf({ quarantine }: EndpointState, revision: string): Quarantined | undefined {
  return quarantine?.find((entry) => entry.revision === revision);
}
