import type { Clock } from './clock.ts';

/** Something that the demo waited for did not come about. */
export class WaitedInVain extends Error {
  readonly expected: string;
  readonly got: string;

  constructor(expected: string, got: string) {
    super(`expected: ${expected}; got: ${got}`);
    this.name = 'WaitedInVain';
    this.expected = expected;
    this.got = got;
  }
}

/** One thing to wait for. */
export interface Wait<T> {
  /** What should come about, in words. */
  readonly expected: string;
  /** Asked at each `poke`; anything but undefined ends the wait. */
  readonly when: () => T | undefined;
  /** What there is instead, should the time run out. */
  readonly got: () => string;
  readonly timeoutMs: number;
}

/** Waits without polling: whoever changes something calls `poke`, and every wait looks again. */
export class Conditions {
  readonly #clock: Clock;
  readonly #looks = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something may have changed. */
  poke(): void {
    for (const look of [...this.#looks]) look();
  }

  /** Resolves with what `when` gives; rejects with WaitedInVain after `timeoutMs`. */
  until<T>({ expected, when, got, timeoutMs }: Wait<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const end = () => {
        this.#looks.delete(look);
        cancel();
      };
      const look = () => {
        try {
          const value = when();
          if (value === undefined) return;
          end();
          resolve(value);
        } catch (error) {
          end();
          reject(error);
        }
      };
      const cancel = this.#clock.schedule(timeoutMs, () => {
        end();
        reject(new WaitedInVain(`${expected}, within ${timeoutMs / 1000} s`, got()));
      });
      this.#looks.add(look);
      look();
    });
  }
}
