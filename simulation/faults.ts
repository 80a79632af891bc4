import type { Random } from './random.ts';
import type { CallPlan } from './refresher.ts';

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
  readonly lostEvent: number;
  readonly doubledEvent: number;
  readonly lateEvent: number;
  readonly lostPoll: number;
  readonly doubledMessage: number;
  readonly lostDelete: number;
  /** Updates by the loop: refused with a reason that isn't the model's, without one, by SageMaker's own failure. */
  readonly refused: number;
  readonly refusedSilently: number;
  readonly internal: number;
  readonly hours: number;
  readonly rollbackFailed: number;
  /** Of a deployment's update of the endpoint. */
  readonly deploymentRefused: number;
}

const MOST: FaultRates = {
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
  lostEvent: 0.4,
  doubledEvent: 0.4,
  lateEvent: 0.4,
  lostPoll: 0.1,
  doubledMessage: 0.3,
  lostDelete: 0.1,
  refused: 0.2,
  refusedSilently: 0.3,
  internal: 0.3,
  hours: 0.06,
  rollbackFailed: 0.05,
  deploymentRefused: 0.3,
};

export const NO_FAULTS = Object.fromEntries(Object.keys(MOST).map((kind) => [kind, 0])) as unknown as FaultRates;

/** Each seed has its own mix, so that faults also meet alone: most kinds are off in most seeds. */
export function drawRates(random: Random): FaultRates {
  const density = random.pick([0, 0.2, 0.4, 0.7]);
  return Object.fromEntries(
    Object.entries(MOST).map(([kind, most]) => {
      const share = random.next();
      return [kind, random.chance(density) ? most * share : 0];
    }),
  ) as unknown as FaultRates;
}

const READS = new Set(['GetParameters', 'DescribeEndpoint']);

/** What becomes of one call of the function under these rates. Latencies are there without faults too. */
export function drawCall(random: Random, rates: FaultRates, operation: string): CallPlan {
  const requestMs = random.int(2, 40);
  const replyMs = random.int(2, 40);
  const roll = random.next();
  let sum = 0;
  const hits = (rate: number): boolean => {
    sum += rate;
    return roll >= sum - rate && roll < sum;
  };
  if (hits(rates.killBefore)) return { requestMs, replyMs, kill: 'before' };
  if (hits(rates.killAfter)) return { requestMs, replyMs, kill: 'after' };
  if (hits(rates.throttled)) return { requestMs, replyMs, mishapBefore: 'throttled' };
  if (hits(rates.server)) return { requestMs, replyMs, mishapBefore: 'server' };
  if (hits(rates.network)) return { requestMs, replyMs, mishapBefore: 'network' };
  if (hits(rates.serverAfter)) return { requestMs, replyMs, mishapAfter: 'server' };
  if (hits(rates.networkAfter)) return { requestMs, replyMs, mishapAfter: 'network' };
  if (hits(rates.slowReply)) return { requestMs, replyMs: random.int(20_000, 90_000) };
  if (READS.has(operation)) {
    const stale = operation === 'DescribeEndpoint' ? rates.staleEndpoint : rates.staleParameters;
    if (hits(stale)) return { requestMs, replyMs, staleMs: random.int(500, random.pick([5000, 20_000])) };
  }
  return { requestMs, replyMs };
}
