/*
 * Runs one pattern with every approach, in virtual time.
 * Usage: patterns-process.ts <index of the pattern> <share of its seeds>; prints one line of JSON.
 */
import { type Alternative, plainFunction, sleepingFunction } from './alternatives.ts';
import { PatternRun } from './pattern-run.ts';
import { synthesizeEndpoint } from './stack.ts';
import { summarize } from './summary.ts';
import { uploadPatterns } from './upload-patterns.ts';

const [index = '0', share = '1'] = process.argv.slice(2);
const pattern = uploadPatterns[Number(index)]!;
const layout = synthesizeEndpoint(pattern.files);
const seeds = Math.max(2, Math.ceil(pattern.seeds * Number(share)));

async function runAll(alternative?: Alternative) {
  const results = [];
  for (let seed = 1; seed <= seeds; seed++)
    results.push(await new PatternRun(seed, layout, pattern, alternative).run());
  return summarize(results);
}

console.log(
  JSON.stringify({
    pattern: pattern.name,
    seeds,
    freshpoint: await runAll(),
    sleeping: await runAll(sleepingFunction),
    plain: await runAll(plainFunction),
  }),
);
