/*
 * Runs the simulation. Usage: node --conditions=source simulate.ts [--seeds N] [--from S] [--workers N]
 * Replays one seed with its timeline: node --conditions=source simulate.ts --seed S
 */
import { parseArgs } from 'node:util';
import { type BatchResult, chunksOf, missed, runBatch } from './batch.ts';
import { runSeed } from './run-seed.ts';
import { synthesize } from './templates.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string' },
    seed: { type: 'string' },
    workers: { type: 'string' },
  },
});

/** Below this many runs a rare situation may be missed by chance. */
const ENOUGH_RUNS = 2000;

if (values.seed === undefined) await many();
else await one(Number(values.seed));

async function one(seed: number): Promise<void> {
  const { timeline, violations, ...rest } = await runSeed(seed, synthesize(), { timeline: true });
  for (const line of timeline) console.log(line);
  console.log(
    `\nseed ${seed}: ${rest.calls} calls, ${rest.swaps} swaps, at rest ${rest.restAfterMs / 1000} s after calm`,
  );
  console.log(rest.end);
  for (const violation of violations) console.log(`VIOLATION ${violation}`);
  process.exitCode = violations.length > 0 ? 1 : 0;
}

async function many(): Promise<void> {
  const count = Number(values.seeds);
  // Other seeds each time, and always known ones: they are printed.
  const from = Number(values.from ?? Math.floor(Date.now() / 1000) % 1_000_000_000);
  const started = Date.now();
  console.log(`seeds ${from} to ${from + count - 1}`);
  const result = await runBatch({
    layouts: synthesize(),
    chunks: chunksOf(from, count),
    workers: values.workers === undefined ? undefined : Number(values.workers),
    onProgress: (soFar) => progress(soFar, count, started),
  });
  if (process.stdout.isTTY) process.stdout.write('\n');
  report(result, started);
}

function progress({ runs, failures }: BatchResult, count: number, started: number): void {
  const seconds = (Date.now() - started) / 1000;
  const line = `${runs}/${count} seeds, ${failures.length} failed, ${seconds.toFixed(0)} s`;
  if (process.stdout.isTTY) process.stdout.write(`\r${line}   `);
  else if (runs % 500 === 0) console.log(line);
}

function report(result: BatchResult, started: number): void {
  const width = Math.max(...[...result.situations.keys()].map(({ length }) => length));
  for (const [situation, count] of result.situations) console.log(`${situation.padEnd(width)}  ${count}`);
  const perSeed = (Date.now() - started) / result.runs;
  console.log(`\n${result.runs} runs, ${result.swaps} swaps, ${perSeed.toFixed(1)} ms per seed`);
  for (const { seed, violations } of result.failures) {
    console.log(`\nseed ${seed} failed (npm run simulate -- --seed ${seed}):`);
    for (const violation of violations) console.log(`  ${violation}`);
  }
  const never = missed(result);
  if (never.length > 0) console.log(`\nnever reached: ${never.join('; ')}`);
  const isIncomplete = never.length > 0 && result.runs >= ENOUGH_RUNS;
  process.exitCode = result.failures.length > 0 || isIncomplete ? 1 : 0;
}
