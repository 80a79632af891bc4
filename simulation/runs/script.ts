import type { VirtualClock } from '@freshpoint/simulator/core/virtual-clock';
import type { Person } from '../persons/person.ts';
import type { ScenarioStep } from '../persons/scenario.ts';

/** Runs each step of a scenario at its time. */
export class Script {
  readonly #clock: VirtualClock;
  readonly #steps: readonly ScenarioStep[];
  readonly #person: Person;
  readonly #statusCounts = new Map<string, number>();
  #passes = 0;

  constructor(clock: VirtualClock, steps: readonly ScenarioStep[], person: Person) {
    this.#clock = clock;
    this.#steps = steps;
    this.#person = person;
  }

  /** The story begins. */
  begin(): void {
    for (const { when, action } of this.#steps) {
      if ('atMs' in when) this.#schedule(when.atMs, action);
    }
  }

  /** A pass has read the state. */
  passBegun(): void {
    this.#passes += 1;
    for (const { when, action } of this.#steps) {
      if ('pass' in when && when.pass === this.#passes) this.#schedule(when.delayMs, action);
    }
  }

  /** The endpoint has entered a status. */
  statusEntered(status: string): void {
    const nth = (this.#statusCounts.get(status) ?? 0) + 1;
    this.#statusCounts.set(status, nth);
    for (const { when, action } of this.#steps) {
      if ('status' in when && when.status === status && when.nth === nth) this.#schedule(when.delayMs, action);
    }
  }

  #schedule(delayMs: number, action: ScenarioStep['action']): void {
    this.#clock.schedule(delayMs, () => void this.#person.act(action));
  }
}
