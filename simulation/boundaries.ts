import { NO_FAULTS } from './faults.ts';
import type { Scenario, Step } from './scenario.ts';
import { type Result, type RunOptions, Simulation } from './simulation.ts';
import type { Quality } from './sources.ts';
import type { Layout } from './templates.ts';

const SEED = 1;
const MINUTE = 60_000;

/** One upload and nothing else, on the layout with one file. */
export async function uploadOnce(layouts: readonly Layout[], quality: Quality, options: RunOptions): Promise<Result> {
  const steps: Step[] = [{ when: { atMs: MINUTE }, action: { kind: 'upload', files: [0], gapMs: 0, quality } }];
  const scenario: Scenario = {
    layout: 0,
    launchMs: 60_000,
    skew: { s3: 0, sagemaker: 0, loop: 0 },
    rates: NO_FAULTS,
    steps,
    // Within the longest time that a kill may cost: the message's visibility timeout, again and again.
    calmAfterMs: 45 * MINUTE,
  };
  return await new Simulation(SEED, scenario, layouts[0]!, options).run();
}
