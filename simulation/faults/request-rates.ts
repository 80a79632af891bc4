import type { Clock } from '@freshpoint/simulator/core/clock';
import type { Random } from '../random.ts';

/** Requests that come at once are admitted up to this number. */
const BURST = 3;

/** Requests per second that an account may send, by service, from AWS's documentation. */
const QUOTAS: Readonly<Record<string, number>> = { ssm: 40, sagemaker: 10, cloudformation: 10, s3: 3500 };

/** What the other traffic of the account leaves of each quota, as a share. */
export type QuotaShares = Readonly<Record<string, number>>;

/** Draws a busy account: little is left of one or two quotas. */
export function drawQuotaShares(random: Random): QuotaShares {
  const services = Object.keys(QUOTAS);
  const drawLeft = (service: string) => random.int(5, 50) / 10 / (QUOTAS[service] ?? 1);
  const busy = [random.pick(services), random.pick(services)];
  return Object.fromEntries(busy.map((service) => [service, drawLeft(service)]));
}

/** Token buckets, as the services have them. */
export class RequestRates {
  readonly #clock: Clock;
  readonly #shares: QuotaShares;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(clock: Clock, shares: QuotaShares) {
    this.#clock = clock;
    this.#shares = shares;
  }

  /** Whether the service admits one more request now. */
  admits(service: string): boolean {
    const perSecond = (QUOTAS[service] ?? 0) * (this.#shares[service] ?? 0);
    if (perSecond === 0) return true;
    const now = this.#clock.now();
    const { tokens, at } = this.#buckets.get(service) ?? { tokens: BURST, at: now };
    const left = Math.min(BURST, tokens + ((now - at) / 1000) * perSecond);
    this.#buckets.set(service, { tokens: left < 1 ? left : left - 1, at: now });
    return left >= 1;
  }
}
