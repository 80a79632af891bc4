import type { StyledText } from './text.ts';

/** State of a slot's fleet. `redeploying`: it serves while a deployment launches another fleet for the slot. */
export type LaneState = 'empty' | 'launching' | 'redeploying' | 'serving' | 'failed';

/** The current state of one slot. */
export interface Lane {
  /** For example `A`. */
  readonly name: string;
  readonly state: LaneState;
  /** Name of its model, for example `v2`. */
  readonly holds?: string;
}

const GLYPHS = {
  empty: ['·', 'quiet'],
  serving: ['━', 'good'],
  launching: ['░', 'busy'],
  redeploying: ['▒', 'busy'],
  failed: ['✘', 'bad'],
} as const satisfies Record<LaneState, readonly [string, StyledText[1]]>;

/** Of several states in one column, the last of these is shown. */
const WEIGHT: readonly LaneState[] = ['empty', 'serving', 'launching', 'redeploying', 'failed'];

/** Columns for two spaces and a label, with room for `redeploying v2`. */
const LABEL_WIDTH = 18;
const NAME_WIDTH = 8;
const LEAST_BAR_WIDTH = 12;
/** Least time that a whole bar stands for, in milliseconds: the bar of a short run grows to the right. */
const LEAST_SPAN_MS = 20_000;

interface Change {
  readonly at: number;
  readonly state: LaneState;
}

/** Draws the slots over time: one line per slot, time from left to right. */
export class LaneHistory {
  readonly #changes = new Map<string, Change[]>();
  #lanes: readonly Lane[] = [];
  #beganAt: number | undefined;

  /** Records the state of the slots at `at` (epoch milliseconds). */
  record(lanes: readonly Lane[], at: number): void {
    this.#beganAt ??= at;
    for (const { name, state } of lanes) {
      const changes = this.#changes.get(name) ?? [];
      this.#changes.set(name, changes);
      if (state === this.#lanes.find((lane) => lane.name === name)?.state) continue;
      changes.push({ at, state });
      // A failure is a moment: the slot is empty afterwards.
      if (state === 'failed') changes.push({ at: at + 1, state: 'empty' });
    }
    this.#lanes = lanes;
  }

  get empty(): boolean {
    return this.#lanes.length === 0;
  }

  /** One line per slot of at most `width` columns; without the bar on narrow terminals. */
  draw(width: number, now: number): StyledText[][] {
    const barWidth = width - NAME_WIDTH - LABEL_WIDTH;
    return this.#lanes.map((lane) => [
      [`slot ${lane.name}`.padEnd(NAME_WIDTH), 'strong'],
      ...(barWidth >= LEAST_BAR_WIDTH ? this.#bar(lane.name, barWidth, now) : []),
      [`  ${label(lane)}`, GLYPHS[lane.state][1]],
    ]);
  }

  /** The time axis below the slots; empty on narrow terminals. */
  axis(width: number, now: number): StyledText[][] {
    const barWidth = width - NAME_WIDTH - LABEL_WIDTH;
    if (barWidth < LEAST_BAR_WIDTH || this.empty) return [];
    const { ageMs, spanMs } = this.#times(now);
    const columns = Math.round((barWidth * ageMs) / spanMs);
    const end = `${(ageMs / 1000).toFixed(0)} s`;
    return [[[`${' '.repeat(NAME_WIDTH)}0 s${end.padStart(Math.max(end.length + 1, columns - 3))}`, 'quiet']]];
  }

  #times(now: number): { readonly beganAt: number; readonly ageMs: number; readonly spanMs: number } {
    const beganAt = this.#beganAt ?? now;
    return { beganAt, ageMs: now - beganAt, spanMs: Math.max(LEAST_SPAN_MS, now - beganAt) };
  }

  #bar(name: string, width: number, now: number): StyledText[] {
    const { beganAt, spanMs } = this.#times(now);
    const changes = this.#changes.get(name) ?? [];
    const parts: [string, StyledText[1]][] = [];
    for (let column = 0; column < width; column++) {
      const from = beganAt + (spanMs * column) / width;
      const to = from + spanMs / width;
      const [glyph, look] = from > now ? ([' ', 'plain'] as const) : GLYPHS[stateBetween(changes, from, to)];
      const last = parts.at(-1);
      if (last?.[1] === look) last[0] += glyph;
      else parts.push([glyph, look]);
    }
    return parts;
  }
}

/** State and model of a slot, in words. */
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
