import type { Random } from '../random.ts';
import type { CallPlan } from '../worlds/function-run.ts';
import type { FaultRates } from './rates.ts';

const READS = new Set(['GetParameters', 'DescribeEndpoint']);

/** What goes wrong with one call of the function under these rates; nothing, if empty. */
export function drawFault(random: Random, rates: FaultRates, operation: string): Partial<CallPlan> {
  const roll = random.next();
  let sum = 0;
  const hits = (rate: number): boolean => {
    sum += rate;
    return roll >= sum - rate && roll < sum;
  };
  if (hits(rates.killBefore)) return { kill: 'before' };
  if (hits(rates.killAfter)) return { kill: 'after' };
  if (hits(rates.throttled)) return { mishapBefore: 'throttled' };
  if (hits(rates.server)) return { mishapBefore: 'server' };
  if (hits(rates.network)) return { mishapBefore: 'network' };
  if (hits(rates.serverAfter)) return { mishapAfter: 'server' };
  if (hits(rates.networkAfter)) return { mishapAfter: 'network' };
  if (hits(rates.slowReply)) return { slowReplyMs: random.int(20_000, 90_000) };
  if (READS.has(operation)) {
    const stale = operation === 'DescribeEndpoint' ? rates.staleEndpoint : rates.staleParameters;
    if (hits(stale)) return { staleMs: random.int(500, random.pick([5000, 20_000])) };
  }
  return {};
}
