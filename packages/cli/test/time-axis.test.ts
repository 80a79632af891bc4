import { expect, test } from 'vitest';
import { placeOf, rangeOf } from '../page/time-axis.ts';
import type { SlotSpan } from '../src/console/page-data.ts';

const MINUTE_MS = 60_000;
const NOW = 100 * MINUTE_MS;
const span = (from: number, to?: number): SlotSpan => ({ slot: 'a', state: 'serving', from, to });

test('the last changes fill the range, whenever they were', () => {
  const spans = Array.from({ length: 12 }, (_, n) => span(n * MINUTE_MS));
  const { from, to } = rangeOf(spans, 'recent', NOW);
  expect(to).toBe(NOW);
  expect(from).toBeLessThan(4 * MINUTE_MS);
  expect(from).toBeGreaterThan(0);
  expect(rangeOf(spans, 'all', NOW).from).toBeLessThan(0);
  expect(rangeOf(spans, 'hour', NOW)).toEqual({ from: NOW - 60 * MINUTE_MS, to: NOW });
});

test.each(['recent', 'all'])('a range ends now, and is never empty: %s', (choice) => {
  for (const spans of [[], [span(NOW - 5000)], [span(NOW)]]) {
    const { from, to } = rangeOf(spans, choice, NOW);
    expect(to).toBe(NOW);
    expect(from).toBeLessThan(NOW - 10_000);
  }
});

test('a span has its place in the range, cut at its ends', () => {
  const range = { from: 0, to: NOW };
  expect(placeOf(span(25 * MINUTE_MS, 75 * MINUTE_MS), range, NOW)).toEqual({ left: 25, width: 50 });
  expect(placeOf(span(-MINUTE_MS), range, NOW)).toEqual({ left: 0, width: 100 });
  expect(placeOf(span(-2 * MINUTE_MS, -MINUTE_MS), range, NOW)).toBeUndefined();
});
