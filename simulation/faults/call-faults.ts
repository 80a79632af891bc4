import type { Random } from '../random.ts';
import type { Attempt, CallPlan } from '../worlds/function-run.ts';
import type { FaultRates } from './rates.ts';

const READS = new Set(['GetParameters', 'DescribeEndpoint']);

/** In that share of calls, a mishap meets the SDK's retries as well. */
const PERSISTENT_SHARE = 0.5;

/** What goes wrong with one attempt of a call under these rates; nothing, if empty. */
export function drawFault(random: Random, rates: FaultRates, { operation, before }: Attempt): Partial<CallPlan> {
  if (before?.isPersistent) {
    const { mishapBefore, mishapAfter } = before;
    return { mishapBefore, mishapAfter, isPersistent: true };
  }
  const roll = random.next();
  let sum = 0;
  const hits = (rate: number): boolean => {
    sum += rate;
    return roll >= sum - rate && roll < sum;
  };
  if (hits(rates.killBefore)) return { kill: 'before' };
  if (hits(rates.killAfter)) return { kill: 'after' };
  if (hits(rates.throttled)) return { mishapBefore: 'throttled', ...persistence(random) };
  if (hits(rates.server)) return { mishapBefore: 'server', ...persistence(random) };
  if (hits(rates.network)) return { mishapBefore: 'network', ...persistence(random) };
  if (hits(rates.serverAfter)) return { mishapAfter: 'server', ...persistence(random) };
  if (hits(rates.networkAfter)) return { mishapAfter: 'network', ...persistence(random) };
  if (hits(rates.slowReply)) return { slowReplyMs: random.int(20_000, 90_000) };
  if (READS.has(operation)) {
    const stale = operation === 'DescribeEndpoint' ? rates.staleEndpoint : rates.staleParameters;
    if (hits(stale)) return { stale: random.int(500, random.pick([5000, 20_000])) };
    if (operation === 'DescribeEndpoint' && hits(rates.outdatedEndpoint)) return { stale: 'last swap' };
  }
  return {};
}

function persistence(random: Random): Pick<CallPlan, 'isPersistent'> {
  return random.chance(PERSISTENT_SHARE) ? { isPersistent: true } : {};
}
