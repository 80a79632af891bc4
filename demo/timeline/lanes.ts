import type { Part } from './text.ts';

/** What a slot's fleet is doing. */
export type LaneState = 'empty' | 'launching' | 'renewing' | 'serving' | 'draining' | 'refused';

/** One slot, now. */
export interface Lane {
  /** For example `A`. */
  readonly name: string;
  readonly state: LaneState;
  /** What it holds, for example `v2`. */
  readonly holds?: string;
}

const GLYPHS = {
  empty: ['·', 'quiet'],
  draining: ['╌', 'good'],
  serving: ['━', 'good'],
  launching: ['░', 'busy'],
  // Serves, while another fleet for it is launched.
  renewing: ['▒', 'busy'],
  refused: ['✘', 'bad'],
} as const satisfies Record<LaneState, readonly [string, Part[1]]>;

// Where several states share one column of the picture, the last of these is shown.
const WEIGHT: readonly LaneState[] = ['empty', 'serving', 'draining', 'launching', 'renewing', 'refused'];

// Two spaces and the longest: `launching broken`.
const LABEL_WIDTH = 18;
const NAME_WIDTH = 8;
const LEAST_BAR = 12;
// A short run fills only part of the bar, so that it grows and does not jump.
const LEAST_SPAN_MS = 20_000;

interface Change {
  readonly at: number;
  readonly state: LaneState;
}

/** Remembers what each slot did when, and draws it: one line per slot, time from left to right. */
export class LaneHistory {
  readonly #changes = new Map<string, Change[]>();
  #lanes: readonly Lane[] = [];
  #beganAt: number | undefined;

  /** Takes the slots as they are at `at` (epoch milliseconds). */
  record(lanes: readonly Lane[], at: number): void {
    this.#beganAt ??= at;
    for (const { name, state } of lanes) {
      const changes = this.#changes.get(name) ?? [];
      this.#changes.set(name, changes);
      if (state === this.#lanes.find((lane) => lane.name === name)?.state) continue;
      changes.push({ at, state });
      // A refusal is a moment: the slot is empty afterwards.
      if (state === 'refused') changes.push({ at: at + 1, state: 'empty' });
    }
    this.#lanes = lanes;
  }

  get empty(): boolean {
    return this.#lanes.length === 0;
  }

  /** One line per slot, at most `width` columns; on narrow terminals without the bar. */
  draw(width: number, now: number): Part[][] {
    const bar = width - NAME_WIDTH - LABEL_WIDTH;
    return this.#lanes.map((lane) => [
      [`slot ${lane.name}`.padEnd(NAME_WIDTH), 'strong'],
      ...(bar >= LEAST_BAR ? this.#bar(lane.name, bar, now) : []),
      [`  ${label(lane)}`, GLYPHS[lane.state][1]],
    ]);
  }

  /** The time axis below the slots; nothing on narrow terminals. */
  axis(width: number, now: number): Part[][] {
    const bar = width - NAME_WIDTH - LABEL_WIDTH;
    if (bar < LEAST_BAR || this.#beganAt === undefined) return [];
    const columns = Math.round((bar * (now - this.#beganAt)) / this.#span(now));
    const end = `${((now - this.#beganAt) / 1000).toFixed(0)} s`;
    return [[[`${' '.repeat(NAME_WIDTH)}0 s${end.padStart(Math.max(end.length + 1, columns - 3))}`, 'quiet']]];
  }

  #span(now: number): number {
    return Math.max(LEAST_SPAN_MS, now - this.#beganAt!);
  }

  #bar(name: string, width: number, now: number): Part[] {
    const span = this.#span(now);
    const changes = this.#changes.get(name)!;
    const parts: [string, Part[1]][] = [];
    for (let column = 0; column < width; column++) {
      const from = this.#beganAt! + (span * column) / width;
      const to = from + span / width;
      const [glyph, look] = from > now ? ([' ', 'plain'] as const) : GLYPHS[stateBetween(changes, from, to)];
      const last = parts.at(-1);
      if (last?.[1] === look) last[0] += glyph;
      else parts.push([glyph, look]);
    }
    return parts;
  }
}

/** What a slot does, in words. */
export function label(lane: Lane): string {
  return lane.holds === undefined || lane.state === 'empty' ? lane.state : `${lane.state} ${lane.holds}`;
}

function stateBetween(changes: readonly Change[], from: number, to: number): LaneState {
  let state: LaneState = 'empty';
  for (const change of changes) {
    if (change.at >= to) break;
    if (change.at <= from || WEIGHT.indexOf(change.state) > WEIGHT.indexOf(state)) state = change.state;
  }
  return state;
}
