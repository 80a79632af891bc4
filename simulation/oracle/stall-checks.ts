import type { FunctionRun } from '../worlds/function-run.ts';
import type { OracleParts } from './parts.ts';

/** How long a shortage lasts, in ms, that surely exceeds the default of `stalledAfter`. */
const LONG_SHORTAGE_MS = 2 * 3_600_000;

/** A stall is published once, and once more when it ends. */
export class StallChecks {
  readonly #parts: OracleParts;
  #isStalled = false;
  /** The state may not have what was published last. */
  #isUncertain = false;
  /** The state that knew it was deleted: it may be published once more. */
  #isForgotten = false;
  #stalls = 0;
  #lastRun: FunctionRun | undefined;
  #publishedAt = 0;

  constructor(parts: OracleParts) {
    this.#parts = parts;
  }

  published(type: 'stalled' | 'recovered', run: FunctionRun | undefined): void {
    const { journal, world } = this.#parts;
    const isRepeated = (type === 'stalled') === this.#isStalled;
    // Events are published before the state records it: a run that began earlier, or one after a crash, repeats them.
    const isConcurrent = run !== undefined && run !== this.#lastRun && run.startedAt < this.#publishedAt;
    if (isRepeated && !this.#isUncertain && !this.#isForgotten && !isConcurrent) {
      journal.violation(`${type} is published again`);
    }
    this.#isForgotten = false;
    this.#publishedAt = world.clock.now();
    this.#isStalled = type === 'stalled';
    this.#isUncertain = true;
    if (type === 'stalled') this.#stalls += 1;
    journal.reached(type === 'stalled' ? 'published as stalled' : 'published as recovered');
    this.#lastRun = run;
  }

  /** The run has ended; an undisturbed one has recorded what it published. */
  runEnded(run: FunctionRun, how: string): void {
    if (run === this.#lastRun) this.#isUncertain = how !== 'answered' || run.isDisturbed;
  }

  /** A person deleted the state, which knew what was published. */
  stateDeleted(): void {
    this.#isUncertain = true;
    this.#isForgotten = true;
  }

  /** A shortage has ended in which updates were refused; `refusedAt`: when. */
  shortageEnded(forMs: number, refusedAt: readonly number[]): void {
    const { journal } = this.#parts;
    const [first] = refusedAt;
    const last = refusedAt.at(-1);
    if (forMs < LONG_SHORTAGE_MS || first === undefined || last === undefined) return;
    if (last - first >= LONG_SHORTAGE_MS / 2 && this.#stalls === 0) {
      journal.violation('a shortage of hours was never published as stalled');
    }
  }

  /** One sweep after rest nothing is stalled any more. */
  atRest(): void {
    if (this.#isStalled && !this.#isUncertain) this.#parts.journal.violation('the end of a stall was not published');
  }
}
