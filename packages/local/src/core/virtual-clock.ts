import type { Cancel, Clock } from './clock.ts';

interface Entry {
  readonly at: number;
  readonly order: number;
  /** Absent: cancelled. It leaves the heap when its time comes. */
  task: (() => void) | undefined;
}

/** A clock that stands still until it is told to move: tasks run in order of time, then of scheduling. */
export class VirtualClock implements Clock {
  #now: number;
  #order = 0;
  /** Binary heap, the next entry first. */
  readonly #heap: Entry[] = [];

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  schedule(delayMs: number, task: () => void): Cancel {
    const entry: Entry = { at: this.#now + Math.max(0, delayMs), order: this.#order++, task };
    this.#push(entry);
    return () => {
      entry.task = undefined;
    };
  }

  /** Moves to the next task and runs it. Returns false when nothing is scheduled. */
  step(): boolean {
    const next = this.#peek();
    if (!next) return false;
    this.#pop();
    this.#now = Math.max(this.#now, next.at);
    next.task?.();
    return true;
  }

  /** When the next task is due, in epoch milliseconds. */
  nextAt(): number | undefined {
    return this.#peek()?.at;
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

  #peek(): Entry | undefined {
    while (this.#heap.length > 0 && !this.#heap[0]!.task) this.#pop();
    return this.#heap[0];
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** Lets every promise that can settle without time passing do so. */
export function drain(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
