import type { SlotSpan } from '../src/console/page-data.ts';

/** The stretch of time that is drawn, epoch milliseconds. */
export interface DrawnRange {
  readonly from: number;
  readonly to: number;
}

/** Changes that are drawn unless the person asks for more. */
const RECENT_CHANGES = 8;
/** Share of the range that is drawn before the first change. */
const LEAD = 0.04;
/** Least time that is drawn, in milliseconds. */
const MIN_RANGE_MS = 20_000;

/** The choices of what to draw, by name: the last `ms` milliseconds, or what fits. */
export const RANGES: Readonly<Record<string, number | undefined>> = {
  recent: undefined,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
  all: Number.POSITIVE_INFINITY,
};

/** What to draw of these spans, for one of the choices. */
export function rangeOf(spans: readonly SlotSpan[], choice: string, now: number): DrawnRange {
  const begins = spans.map(({ from }) => from).sort((one, other) => one - other);
  const first = begins[0] ?? now;
  const ms = RANGES[choice];
  if (ms !== undefined && Number.isFinite(ms)) return { from: now - ms, to: now };
  const since = ms === undefined ? (begins.at(-RECENT_CHANGES) ?? first) : first;
  const begin = Math.min(since, now - MIN_RANGE_MS);
  return { from: begin - LEAD * (now - begin), to: now };
}

/** Where a span is in the range, in percent. Undefined: outside of it. */
export function placeOf(
  span: SlotSpan,
  { from, to }: DrawnRange,
  now: number,
): { left: number; width: number } | undefined {
  const begin = Math.max(from, span.from);
  const end = Math.min(to, span.to ?? now);
  if (end < begin || span.from > to) return undefined;
  const percent = 100 / (to - from);
  return { left: (begin - from) * percent, width: (end - begin) * percent };
}
