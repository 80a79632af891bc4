import type { Cancel, Clock } from './clock.ts';

interface Entry {
  readonly dueMs: number;
  readonly order: number;
  /** Absent once cancelled: the entry leaves the heap when its time comes. */
  task: (() => void) | undefined;
}

/** A clock that moves only when asked to: tasks run in order of time, then of scheduling. */
export class VirtualClock implements Clock {
  #nowMs: number;
  #order = 0;
  readonly #heap = new EntryHeap();

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  schedule(delayMs: number, task: () => void): Cancel {
    const entry: Entry = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, task };
    this.#heap.push(entry);
    return () => {
      entry.task = undefined;
    };
  }

  /** Moves to the next task and runs it. Returns false when nothing is scheduled. */
  step(): boolean {
    const next = this.#next();
    if (!next) return false;
    this.#heap.pop();
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
    let first = this.#heap.first();
    while (first && !first.task) {
      this.#heap.pop();
      first = this.#heap.first();
    }
    return first;
  }
}

/** A binary heap, the entry that is due first at the root. */
class EntryHeap {
  readonly #entries: Entry[] = [];

  first(): Entry | undefined {
    return this.#entries[0];
  }

  push(entry: Entry): void {
    const entries = this.#entries;
    let at = entries.push(entry) - 1;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = entries[parentAt];
      if (!parent || !isBefore(entry, parent)) break;
      entries[at] = parent;
      at = parentAt;
    }
    entries[at] = entry;
  }

  pop(): void {
    const entries = this.#entries;
    const last = entries.pop();
    if (!last || entries.length === 0) return;
    let at = 0;
    for (;;) {
      const childAt = this.#earlierChild(at);
      const child = entries[childAt];
      if (!child || !isBefore(child, last)) break;
      entries[at] = child;
      at = childAt;
    }
    entries[at] = last;
  }

  /** Where the child that is due first is, or a position beyond the end. */
  #earlierChild(parentAt: number): number {
    const leftAt = 2 * parentAt + 1;
    const left = this.#entries[leftAt];
    const right = this.#entries[leftAt + 1];
    return left && right && isBefore(right, left) ? leftAt + 1 : leftAt;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}

/** Resolves when all that can happen without the clock moving has happened. */
export function drain(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
