import { ENDPOINT_PROBES } from './endpoint-probes.ts';
import { LIMITED_ROLE_PROBES } from './limited-role.ts';
import type { Probe } from './probe.ts';
import { SERVICE_PROBES } from './service-probes.ts';
import { SPARE_PROBES } from './spare-probes.ts';
import { STACK_PROBES } from './stack-probes.ts';
import { UNASKED_PROBES } from './unasked.ts';

/** One for each unverified line of docs/fidelity.md. */
export const PROBES: readonly Probe[] = [
  ...ENDPOINT_PROBES,
  ...SPARE_PROBES,
  ...STACK_PROBES,
  ...SERVICE_PROBES,
  ...LIMITED_ROLE_PROBES,
  ...UNASKED_PROBES,
];
