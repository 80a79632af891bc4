import { describe, expect, test } from 'vitest';
import { figureProblems, renewFigures } from '../doc-figures.ts';

const RESULTS = {
  bundle: { ratio: { median: 0.4567 }, kB: 1607 },
  copies: [
    { GiB: 1, calls: 7 },
    { GiB: 20, calls: 83 },
  ],
};
const figure = (path: string, text: string) => `It is <!-- figure ${path} -->${text}<!-- /figure --> here.`;

describe("a document's figures", () => {
  test('are those of the results, rounded as they are written', () => {
    for (const [path, text] of [
      ['bundle.ratio.median', '46 %'],
      ['bundle.ratio.median', '45.7 %'],
      ['1/bundle.ratio.median', '2.2×'],
      ['bundle.kB', '1,607 kB'],
      ['copies[20].calls', '83 calls'],
    ] as const) {
      expect(figureProblems(figure(path, text), RESULTS)).toEqual([]);
    }
  });

  test('are reported when they differ or name no value', () => {
    expect(figureProblems(`\n${figure('bundle.ratio.median', '47 %')}`, RESULTS)).toEqual([
      '2: bundle.ratio.median is 46 %, not 47 %',
    ]);
    expect(figureProblems(figure('bundle.gone', '47 %'), RESULTS)).toEqual([
      '1: bundle.gone is no number in bench/results.json',
    ]);
    expect(figureProblems(figure('copies[3].calls', '7'), RESULTS)).toHaveLength(1);
    expect(figureProblems(figure('bundle.kB', 'many'), RESULTS)).toEqual(['1: bundle.kB: "many" has no number']);
  });

  test('are reported when they have no marker, except in code and as constants', () => {
    for (const text of ['46 %', '98 MB/s', '12 ms', '2.2×', '607 kB', '$0.27', 'seven times slower']) {
      expect(figureProblems(`about ${text}.`, RESULTS)).toEqual([`1: "${text}" names no value of bench/results.json`]);
    }
    const constant = 'at most <!-- constant -->50 %<!-- /constant --> of them, `90 %`';
    expect(figureProblems(`${constant}\n\`\`\`\n72.0 %\n\`\`\`\n512 MiB, 30 s, five times`, RESULTS)).toEqual([]);
  });

  test('are reported when a marker is not closed on its line', () => {
    expect(figureProblems('<!-- figure bundle.kB -->1,607\nkB<!-- /figure -->', RESULTS)).toHaveLength(2);
  });

  test('can be renewed', () => {
    const old = figure('bundle.ratio.median', '1 %');
    expect(renewFigures(old, RESULTS)).toBe(figure('bundle.ratio.median', '46 %'));
  });
});
