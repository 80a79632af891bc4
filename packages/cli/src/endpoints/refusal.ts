import type { EndpointState, QuarantineEntry } from '@freshpoint/engine/policy/state';

/** That a revision is quarantined. */
export function refusalOf({ quarantine }: EndpointState, revision: string): QuarantineEntry | undefined {
  return quarantine?.find((entry) => entry.revision === revision);
}
