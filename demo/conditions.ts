import type { Clock } from '@freshpoint/simulator/core/clock';

/** An expectation of the demo was not met. */
export class ExpectationError extends Error {
  readonly expected: string;
  readonly got: string;

  constructor(expected: string, got: string) {
    super(`expected: ${expected}; got: ${got}`);
    this.name = 'ExpectationError';
    this.expected = expected;
    this.got = got;
  }
}

/** A condition to wait for. */
export interface Wait<T> {
  /** The condition, in words. */
  readonly expected: string;
  /** Evaluated at each `poke`; anything but undefined ends the wait. */
  readonly when: () => T | undefined;
  /** The state instead, in words, when the time is up. */
  readonly got: () => string;
  readonly timeoutMs: number;
}

/** Waits without polling: every change calls `poke`, which evaluates all open conditions. */
export class Conditions {
  readonly #clock: Clock;
  readonly #open = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something may have changed. */
  poke(): void {
    for (const evaluate of [...this.#open]) evaluate();
  }

  /** Resolves with the value of `when`; rejects with ExpectationError after `timeoutMs`. */
  until<T>({ expected, when, got, timeoutMs }: Wait<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const end = () => {
        this.#open.delete(evaluate);
        cancel();
      };
      const evaluate = () => {
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
        reject(new ExpectationError(`${expected}, within ${timeoutMs / 1000} s`, got()));
      });
      this.#open.add(evaluate);
      evaluate();
    });
  }
}
