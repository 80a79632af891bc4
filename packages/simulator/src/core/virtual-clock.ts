import type { Cancel, Clock } from './clock.ts';

interface Entry {
  readonly dueMs: number;
  /** Absent once cancelled: the entry is skipped when its time comes. */
  task: (() => void) | undefined;
}

/** A clock that moves only when asked to: tasks run in order of time, then of scheduling. */
export class VirtualClock implements Clock {
  #nowMs: number;
  /** What is due last comes first, so that the next one is taken from the end. */
  readonly #entries: Entry[] = [];

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  schedule(delayMs: number, task: () => void): Cancel {
    const entry: Entry = { dueMs: this.#nowMs + Math.max(0, delayMs), task };
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#entries[middle]?.dueMs ?? 0) > entry.dueMs) low = middle + 1;
      else high = middle;
    }
    this.#entries.splice(low, 0, entry);
    return () => {
      entry.task = undefined;
    };
  }

  /** Moves to the next task and runs it. Returns false when nothing is scheduled. */
  step(): boolean {
    const next = this.#next();
    if (!next) return false;
    this.#entries.pop();
    this.#nowMs = Math.max(this.#nowMs, next.dueMs);
    next.task?.();
    return true;
  }

  /** When the next task is due, in epoch milliseconds. */
  nextAt(): number | undefined {
    return this.#next()?.dueMs;
  }

  /** Runs every task due within the next `ms`, draining microtasks after each one. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await drain();
    for (let at = this.nextAt(); at !== undefined && at <= untilMs; at = this.nextAt()) {
      this.step();
      await drain();
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  #next(): Entry | undefined {
    while (this.#entries.at(-1)?.task === undefined && this.#entries.length > 0) this.#entries.pop();
    return this.#entries.at(-1);
  }
}

/** Resolves when all that can happen without the clock moving has happened. */
export function drain(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
