import type { Situation } from './situations.ts';

/** The record of one run. */
export class Journal {
  readonly violations: string[] = [];
  readonly situations = new Set<Situation>();
  readonly lines: string[] = [];
  readonly #now: () => number;
  readonly #start: number;
  readonly #timeline: 'kept' | 'dropped';

  constructor(now: () => number, timeline: 'kept' | 'dropped') {
    this.#now = now;
    this.#start = now();
    this.#timeline = timeline;
  }

  /** One line of the timeline. `text` is called only when lines are kept. */
  note(who: string, text: () => string): void {
    if (this.#timeline === 'kept') this.lines.push(`${this.#time()}  ${who.padEnd(10)} ${text()}`);
  }

  reached(situation: Situation): void {
    this.situations.add(situation);
  }

  violation(text: string): void {
    this.violations.push(`${this.#time()}  ${text}`);
    this.note('VIOLATION', () => text);
  }

  #time(): string {
    const ms = this.#now() - this.#start;
    const [h, m, s] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, Math.floor(ms / 1000) % 60];
    const two = (value: number) => String(value).padStart(2, '0');
    return `${h}:${two(m)}:${two(s)}.${String(ms % 1000).padStart(3, '0')}`;
  }
}
