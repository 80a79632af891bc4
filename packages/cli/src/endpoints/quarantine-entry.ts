import type { EndpointState, QuarantineEntry } from '@freshpoint/engine/policy/state';

/** The revision's entry in the quarantine, if it has one. */
export function quarantineEntryOf({ quarantine }: EndpointState, revision: string): QuarantineEntry | undefined {
  return quarantine?.find((entry) => entry.revision === revision);
}
