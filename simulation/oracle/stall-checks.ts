import type { FunctionRun } from '../worlds/function-run.ts';
import type { OracleParts } from './parts.ts';
import type { ServedData } from './served-data.ts';

/** How long a shortage lasts, in ms, that surely exceeds the default of `stalledAfter`. */
const LONG_SHORTAGE_MS = 2 * 3_600_000;

/** A stall is published once, and once more when it ends. */
export class StallChecks {
  readonly #parts: OracleParts;
  readonly #served: ServedData;
  #isStalled = false;
  /** The state may not have what was published last. */
  #isUncertain = false;
  /** The state that knew it was deleted: it may be published once more. */
  #isForgotten = false;
  #stalls = 0;
  #lastRun: FunctionRun | undefined;
  #publishedAt = 0;

  /** Since when every update was refused for want of something, and nothing else ended the wait. */
  #refusedSince: number | undefined;
  /** The longest such time, in ms. */
  #refusedForMs = 0;

  constructor(parts: OracleParts, served: ServedData) {
    this.#parts = parts;
    this.#served = served;
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
    if (this.#refusedSince !== undefined && this.#isContent()) this.#refusedSince = undefined;
  }

  /** A person deleted the state, which knew what was published. */
  stateDeleted(): void {
    this.#isUncertain = true;
    this.#isForgotten = true;
  }

  /** Something is short, and an update was refused. */
  refused(): void {
    const now = this.#parts.world.clock.now();
    this.#refusedSince ??= now;
    this.#refusedForMs = Math.max(this.#refusedForMs, now - this.#refusedSince);
  }

  /** Whether nothing keeps the newest upload from being served: it serves already, or a person has suspended swaps. */
  #isContent(): boolean {
    const { sources, view } = this.#parts;
    return view.state().suspension !== undefined || this.#served.serves(sources.current.etags);
  }

  /** A shortage has ended. */
  shortageEnded(forMs: number): void {
    if (forMs < LONG_SHORTAGE_MS || this.#refusedForMs < LONG_SHORTAGE_MS / 2 || this.#stalls > 0) return;
    this.#parts.journal.violation('a shortage of hours was never published as stalled');
  }

  /** One sweep after rest nothing is stalled any more. */
  atRest(): void {
    if (this.#isStalled && !this.#isUncertain) this.#parts.journal.violation('the end of a stall was not published');
  }
}
