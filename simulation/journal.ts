import type { Situation } from './situations.ts';

/** What is written down about one run. */
export class Journal {
  readonly violations: string[] = [];
  readonly situations = new Set<Situation>();
  readonly lines: string[] = [];
  readonly #now: () => number;
  readonly #start: number;
  readonly #keepsLines: boolean;

  constructor(now: () => number, keepsLines: boolean) {
    this.#now = now;
    this.#start = now();
    this.#keepsLines = keepsLines;
  }

  /** One line of the timeline. `text` is made only when lines are kept. */
  note(who: string, text: () => string): void {
    if (this.#keepsLines) this.lines.push(`${this.#clock()}  ${who.padEnd(10)} ${text()}`);
  }

  reached(situation: Situation): void {
    this.situations.add(situation);
  }

  violation(text: string): void {
    this.violations.push(`${this.#clock()}  ${text}`);
    this.note('VIOLATION', () => text);
  }

  #clock(): string {
    const ms = this.#now() - this.#start;
    const [h, m, s] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, Math.floor(ms / 1000) % 60];
    const two = (value: number) => String(value).padStart(2, '0');
    return `${h}:${two(m)}:${two(s)}.${String(ms % 1000).padStart(3, '0')}`;
  }
}
