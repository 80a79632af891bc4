import type { VirtualClock } from '@freshpoint/simulator/core/virtual-clock';
import type { Journal } from '../journal.ts';
import type { Random } from '../random.ts';
import type { EndpointLayout } from '../worlds/layout.ts';
import type { FaultRates } from './rates.ts';

/** Loses, duplicates and delays events; loses polls. */
export class EventFaults {
  /** When the latest event was sent that isn't lost, by the name of its rule. */
  readonly #sentAt = new Map<string, number>();
  /** Events that have been sent and have not arrived. */
  underWay = 0;
  readonly #clock: VirtualClock;
  readonly #journal: Journal;
  readonly #random: Random;

  constructor(clock: VirtualClock, journal: Journal, random: Random) {
    this.#clock = clock;
    this.#journal = journal;
    this.#random = random;
  }

  /** When each copy of an event reaches the queue, in ms from now. */
  delays(rates: FaultRates, detailType: string, rule: string): readonly number[] {
    if (detailType === 'Scheduled Event') return [0];
    if (this.#random.chance(rates.lostEvent)) {
      this.#journal.reached('event lost');
      return [];
    }
    this.#sentAt.set(rule, this.#clock.now());
    const delays = this.#drawDelays(rates);
    for (const delay of delays) {
      this.underWay += 1;
      this.#clock.schedule(delay + 1, () => {
        this.underWay -= 1;
      });
    }
    return delays;
  }

  /** When the latest event was sent that isn't lost, to the rules of this endpoint. */
  sentAt({ id }: EndpointLayout): number {
    const own = [...this.#sentAt].filter(([rule]) => rule.startsWith(id.replace('/', '-')));
    return Math.max(0, ...own.map(([, at]) => at));
  }

  losesPoll(rates: FaultRates): boolean {
    const isLost = this.#random.chance(rates.lostPoll);
    if (isLost) this.#journal.reached('poll lost');
    return isLost;
  }

  #drawDelays(rates: FaultRates): readonly number[] {
    const random = this.#random;
    const drawDelay = () => {
      if (!random.chance(rates.lateEvent)) return random.int(100, 1500);
      this.#journal.reached('event late');
      return random.int(1, 600) * 1000;
    };
    if (!random.chance(rates.duplicatedEvent)) return [drawDelay()];
    this.#journal.reached('event duplicated');
    return [drawDelay(), drawDelay()];
  }
}
