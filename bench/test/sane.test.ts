import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Results } from '../report/results.ts';
import {
  brokenNumbers,
  contradictingRatios,
  emptyCells,
  implausibleAlternatives,
  insaneFigures,
  outOfRange,
  uploadsFreshpointLost,
} from '../report/sane.ts';

const PUBLISHED = JSON.parse(readFileSync(new URL('../results.json', import.meta.url), 'utf8')) as Results;

/** The published results without `readonly`, for tests to break. */
type Breakable<T> = { -readonly [K in keyof T]: Breakable<T[K]> };

function broken(change: (results: Breakable<Results>) => void): Results {
  const results = structuredClone(PUBLISHED) as Breakable<Results>;
  change(results);
  return results as Results;
}

describe('results', () => {
  test('that are published are sane', () => {
    expect(insaneFigures(PUBLISHED)).toEqual([]);
  });

  test('are refused when Freshpoint lost an upload', () => {
    const results = broken(({ patterns: [row] }) => {
      if (row) row.freshpoint.lost = 0.01;
    });
    expect(uploadsFreshpointLost(results.patterns)).toEqual([
      'one upload: Freshpoint lost the newest upload in 1 % of the runs.',
    ]);
    expect(insaneFigures(results)).toHaveLength(1);
  });

  test('are refused when a refresh takes more invocations, or longer, than it may', () => {
    const results = broken(({ patterns: [row] }) => {
      if (!row?.freshpoint.settledToUpdate) return;
      row.freshpoint.invocations = 7;
      row.freshpoint.settledToUpdate.median = 4.5;
    });
    expect(outOfRange(results)).toEqual([
      expect.stringContaining("one upload: Freshpoint's seconds from settled to UpdateEndpoint"),
      expect.stringContaining('one upload: invocations (Freshpoint)'),
    ]);
  });

  test('are refused when an alternative lost everything of a pattern, or nothing at all', () => {
    const everything = broken(({ patterns: [row] }) => {
      if (row) row.plain.lost = 1;
    });
    expect(implausibleAlternatives(everything.patterns)).toEqual([
      'one upload: the plain function lost the newest upload in every run.',
    ]);
    const nothing = broken(({ patterns }) => {
      for (const row of patterns) row.sleeping.lost = 0;
    });
    expect(implausibleAlternatives(nothing.patterns)).toEqual(['The sleeping function lost nothing in any pattern.']);
    expect(insaneFigures(nothing)).toHaveLength(1);
  });

  test('are refused when a printed ratio contradicts the medians beside it', () => {
    const results = broken(({ transfers }) => {
      const { ours, other, ratio } = transfers.download;
      ratio.median = (other.median / ours.median) * 3;
    });
    expect(contradictingRatios(results)).toEqual([expect.stringMatching(/^transfers\.download: the medians' ratio/)]);
  });

  test('are refused when a transfer is slower than with emulators in Python, or needs more memory than it may', () => {
    const results = broken(({ emulators }) => {
      emulators.transfers.ministack.upload.ratio.median = 0.9;
      emulators.peakMB.ours = 840;
    });
    expect(outOfRange(results)).toEqual([
      expect.stringMatching(/^the ratio of uploads with boto3 \(ministack\) is 0\.9/),
      expect.stringMatching(/^peak MB beside emulators is 840/),
    ]);
  });

  test('are refused when a number is missing or none', () => {
    const results = broken(({ rollback, patterns: [row] }) => {
      rollback.swapSeconds = Number.NaN;
      if (row?.freshpoint.overhead) row.freshpoint.overhead.median = Number.POSITIVE_INFINITY;
    });
    expect(brokenNumbers(results)).toEqual([
      'rollback.swapSeconds is NaN, which is no figure.',
      'patterns.0.freshpoint.overhead.median is Infinity, which is no figure.',
    ]);
  });

  test('are refused when a column is empty', () => {
    const results = broken(({ patterns }) => {
      for (const row of patterns) delete row.freshpoint.overhead;
    });
    expect(insaneFigures(results)).toContain('Freshpoint\'s own delay: to served of "one upload" is "–".');
    const note = '';
    expect(emptyCells({ title: 'T', note, head: ['', 'ms'], rows: [] })).toEqual(['T: there are no rows.']);
    expect(emptyCells({ title: 'T', note, head: ['', 'ms'], rows: [['a', '']] })).toHaveLength(1);
    expect(emptyCells({ title: 'T', note, head: ['', 'ms'], rows: [['a', '1 ms']] })).toEqual([]);
  });

  test('are refused when a figure is absurd', () => {
    const results = broken(({ rollback, copies: [copy], bundle }) => {
      rollback.swapSeconds = 0;
      if (copy) copy.bytes = 1024;
      bundle.decided.ratio.median = 1.5;
    });
    expect(outOfRange(results)).toEqual([
      'the ratio of the first decision is 1.5, which is not within 0.05 to 1.',
      'bytes of 0.25 GiB through the function is 1024, which is not within 0 to 0.',
      'rollback: swapSeconds is 0, which is not within 60 to 1800.',
    ]);
  });
});
