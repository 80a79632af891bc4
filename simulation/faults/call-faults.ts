import type { Random } from '../random.ts';
import type { CallPlan } from '../worlds/function-run.ts';
import type { FaultRates } from './rates.ts';

const READS = new Set(['GetParameters', 'DescribeEndpoint']);

/** What happens to one call of the function under these rates. Latencies occur without faults too. */
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
