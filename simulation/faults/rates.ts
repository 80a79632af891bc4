import type { Random } from '../random.ts';

/** How often each kind of fault happens, 0 to 1 per occasion. */
export interface FaultRates {
  readonly killBefore: number;
  readonly killAfter: number;
  readonly throttled: number;
  readonly server: number;
  readonly network: number;
  readonly serverAfter: number;
  readonly networkAfter: number;
  /** The reply takes longer than the function lives. */
  readonly slowReply: number;
  readonly staleParameters: number;
  readonly staleEndpoint: number;
  /** Soon after a swap, the answer of DescribeEndpoint is the one before it. */
  readonly outdatedEndpoint: number;
  readonly lostEvent: number;
  readonly duplicatedEvent: number;
  readonly lateEvent: number;
  readonly lostPoll: number;
  readonly duplicatedMessage: number;
  readonly lostDelete: number;
  /** Updates by the controller: refused as if by the revision's own fault, by others', without a reason. */
  readonly refused: number;
  readonly blameless: number;
  readonly refusedSilently: number;
  readonly internal: number;
  readonly hours: number;
  readonly rollbackFailed: number;
  /** Of a deployment's update of the endpoint. */
  readonly deploymentRefused: number;
}

const HIGHEST_RATES: FaultRates = {
  killBefore: 0.04,
  killAfter: 0.04,
  throttled: 0.08,
  server: 0.05,
  network: 0.05,
  serverAfter: 0.05,
  networkAfter: 0.05,
  slowReply: 0.01,
  staleParameters: 0.15,
  staleEndpoint: 0.15,
  outdatedEndpoint: 0.3,
  lostEvent: 0.4,
  duplicatedEvent: 0.4,
  lateEvent: 0.4,
  lostPoll: 0.1,
  duplicatedMessage: 0.3,
  lostDelete: 0.1,
  refused: 0.2,
  blameless: 0.3,
  refusedSilently: 0.3,
  internal: 0.3,
  hours: 0.06,
  rollbackFailed: 0.05,
  deploymentRefused: 0.3,
};

export const NO_FAULTS = Object.fromEntries(
  Object.keys(HIGHEST_RATES).map((kind) => [kind, 0]),
) as unknown as FaultRates;

/** Each seed has its own mix. Most kinds are off in most seeds, so that each fault also occurs alone. */
export function drawRates(random: Random): FaultRates {
  const density = random.pick([0, 0.2, 0.4, 0.7]);
  return Object.fromEntries(
    Object.entries(HIGHEST_RATES).map(([kind, highest]) => {
      const share = random.next();
      return [kind, random.chance(density) ? highest * share : 0];
    }),
  ) as unknown as FaultRates;
}
