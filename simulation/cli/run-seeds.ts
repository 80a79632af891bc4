import { type BatchOptions, type BatchResult, chunksOf, runChunks, type SeedFailure } from '../runs/batch.ts';
import { expectedSituations } from '../situations.ts';
import type { LatencyProfile } from '../worlds/latency.ts';
import type { Layout } from '../worlds/layout.ts';
import { Progress } from './progress.ts';

/** From this number of runs on, a situation that is never reached is a failure, not chance. */
const COVERING_RUNS = 2000;

/** Seeds to run, and for how long. */
export interface SeedRange {
  readonly from: number;
  readonly count: number;
  readonly workers?: number;
  /** How fast the services are. @default drawn from each seed */
  readonly profile?: LatencyProfile;
  /** Name of the layout. @default drawn from each seed */
  readonly layout?: string;
  /** These seeds are known to reach every situation. */
  readonly isCovering?: true;
}

/** Runs seeds with progress, and prints the failed ones. Returns whether all invariants held. */
export async function runSeeds(
  layouts: readonly Layout[],
  range: SeedRange,
): Promise<{ readonly result: BatchResult; readonly isGood: boolean }> {
  const { from, count, workers, profile, layout } = range;
  console.log(`seeds ${from} to ${from + count - 1}${layout === undefined ? '' : `, ${layout}`}`);
  const progress = new Progress();
  let printed = 0;
  const options: BatchOptions = {
    layouts,
    chunks: chunksOf(from, count),
    profile,
    layout,
    workers,
    onProgress: ({ runs, failures }) => {
      for (const failure of failures.slice(printed)) printFailure(failure, range);
      printed = failures.length;
      progress.show(`${runs}/${count} seeds, ${failures.length} failed`);
    },
  };
  const result = await runChunks(options);
  progress.end();
  const perSeedMs = (progress.seconds * 1000) / result.runs;
  console.log(`${result.runs} runs, ${result.swaps} swaps, ${perSeedMs.toFixed(1)} ms per seed`);
  const never = expectedSituations(layout).filter((situation) => !result.situations.get(situation));
  const mustCover = range.isCovering || result.runs >= COVERING_RUNS;
  if (mustCover && never.length > 0) console.log(`never reached: ${never.join('; ')}`);
  return { result, isGood: result.failures.length === 0 && !(mustCover && never.length > 0) };
}

/** In how many runs each situation was reached. */
export function printSituations({ situations }: BatchResult): void {
  const width = Math.max(...[...situations.keys()].map(({ length }) => length));
  for (const [situation, count] of situations) console.log(`${situation.padEnd(width)}  ${count}`);
}

function printFailure({ seed, violations }: SeedFailure, { layout, profile }: SeedRange): void {
  const chosen = layout === undefined ? '' : ` --layout '${layout}'`;
  const more = profile === undefined ? chosen : `${chosen} --profile ${profile}`;
  console.log(`\nseed ${seed} failed (npm run simulate -- --seed ${seed}${more}):`);
  for (const violation of violations) console.log(`  ${violation}`);
}
