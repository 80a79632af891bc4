/*
 * Runs one pattern with every approach, in virtual time.
 * Usage: patterns-process.ts <index of the pattern> <share of its seeds>; prints one line of JSON.
 */
import type { Layout } from '@freshpoint/simulation/worlds/layout';
import { type Alternative, plainFunction, sleepingFunction } from './alternatives.ts';
import { PatternRun } from './pattern-run.ts';
import { synthesizeEndpoint } from './stack.ts';
import { type ApproachSummary, type PatternRow, summarize } from './summary.ts';
import { type UploadPattern, uploadPatterns } from './upload-patterns.ts';

const MIN_SEEDS = 2;

const [index = '0', share = '1'] = process.argv.slice(2);
const pattern = patternOf(Number(index));
const seeds = Math.max(MIN_SEEDS, Math.ceil(pattern.seeds * Number(share)));

function patternOf(position: number): UploadPattern {
  const found = uploadPatterns[position];
  if (!found) throw new RangeError(`There is no pattern ${position}.`);
  return found;
}

async function runAll(layout: Layout, alternative?: Alternative): Promise<ApproachSummary> {
  const results = [];
  for (let seed = 1; seed <= seeds; seed++) {
    results.push(await new PatternRun(seed, layout, pattern, alternative).run());
  }
  return summarize(results);
}

const inPlace = synthesizeEndpoint(pattern.files, 'inPlace');
const row: PatternRow = {
  pattern: pattern.name,
  seeds,
  freshpoint: await runAll(synthesizeEndpoint(pattern.files, 'default')),
  sleeping: await runAll(inPlace, sleepingFunction),
  plain: await runAll(inPlace, plainFunction),
};
console.log(JSON.stringify(row));
