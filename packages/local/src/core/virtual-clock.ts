import type { Cancel, Clock } from './clock.ts';

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly task: () => void;
}

/** A clock that stands still until it is told to move: tasks run in order of time, then of scheduling. */
export class VirtualClock implements Clock {
  #now: number;
  #order = 0;
  readonly #entries = new Set<Entry>();

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  schedule(delayMs: number, task: () => void): Cancel {
    const entry: Entry = { at: this.#now + Math.max(0, delayMs), order: this.#order++, task };
    this.#entries.add(entry);
    return () => this.#entries.delete(entry);
  }

  /** Moves to the next task and runs it. Returns false when nothing is scheduled. */
  step(): boolean {
    let next: Entry | undefined;
    for (const entry of this.#entries) {
      if (!next || entry.at < next.at || (entry.at === next.at && entry.order < next.order)) next = entry;
    }
    if (!next) return false;
    this.#entries.delete(next);
    this.#now = Math.max(this.#now, next.at);
    next.task();
    return true;
  }

  /** When the next task is due, in epoch milliseconds. */
  nextAt(): number | undefined {
    let next: number | undefined;
    for (const entry of this.#entries) if (next === undefined || entry.at < next) next = entry.at;
    return next;
  }

  /** Runs everything due within the next `ms`, draining microtasks after each task. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await drain();
    for (let at = this.nextAt(); at !== undefined && at <= until; at = this.nextAt()) {
      this.step();
      await drain();
    }
    this.#now = Math.max(this.#now, until);
  }
}

/** Lets every promise that can settle without time passing do so. */
export function drain(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
