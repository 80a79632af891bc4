import { describe, expect, test } from 'vitest';
import { compareInTurn } from '../support/in-turn.ts';
import { delay, disagreement, figure, ratioOf } from '../support/statistics.ts';

const ROUNDS = { rounds: 3, values: ['ms'], say: () => undefined } as const;

describe('two sides', () => {
  test('are measured in turn, each of them first in every other round', async () => {
    const order: string[] = [];
    const side = (name: string, ms: number) => async () => {
      order.push(name);
      return { ms };
    };
    const { ms } = await compareInTurn({ ours: side('ours', 1), other: side('other', 2) }, ROUNDS);
    expect(order).toEqual(['ours', 'other', 'other', 'ours', 'ours', 'other']);
    expect(ms.ratio).toEqual({ median: 0.5, noise: 0, samples: 3 });
  });

  test('are measured further while the pairs contradict the medians', async () => {
    // Pairs of 67, 86 and 87 %, while the medians are 230 and 343.
    const ours = [230, 300, 200];
    const other = [343, 349, 230];
    const next = (samples: number[], then: number) => async () => ({ ms: samples.shift() ?? then });
    const { ms } = await compareInTurn({ ours: next(ours, 230), other: next(other, 343) }, ROUNDS);
    expect(ms.ratio.samples).toBeGreaterThan(3);
    const { differs, allowed } = disagreement(ms);
    expect(differs).toBeLessThanOrEqual(allowed);
  });
});

describe('statistics', () => {
  test('a figure is the median and half the distance between the quartiles', () => {
    expect(figure([4, 1, 2, 3, 5])).toEqual({ median: 3, noise: 1 / 3, samples: 5 });
    expect(() => figure([])).toThrow(RangeError);
  });

  test('a delay is the median and what nine of ten runs did not exceed', () => {
    expect(delay([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])).toEqual({ median: 6, p90: 10, samples: 11 });
  });

  test('a ratio needs pairs', () => {
    expect(() => ratioOf([1, 2], [1])).toThrow(RangeError);
  });

  test('a ratio of medians may differ from the printed ratio by no more than their spread', () => {
    const of = (median: number, noise: number) => ({ median, noise, samples: 3 });
    const published = { ours: of(230, 0.13), other: of(343, 0.06), ratio: of(0.86, 0.1) };
    const { differs, allowed } = disagreement(published);
    expect(differs).toBeGreaterThan(allowed);
  });
});
