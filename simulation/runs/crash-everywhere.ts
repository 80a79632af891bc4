import { NO_FAULTS } from '../faults/rates.ts';
import type { Scenario, ScenarioStep } from '../persons/scenario.ts';
import type { Layout } from '../worlds/layout.ts';
import type { Quality } from '../worlds/model-data.ts';
import type { RunOptions, RunResult } from './run-result.ts';
import { Simulation } from './simulation.ts';

const SEED = 1;
const MINUTE_MS = 60_000;

/** The ends of one upload with and without crashes. */
export interface CrashReport {
  readonly undisturbed: RunResult;
  readonly crashes: number;
  /** Crashes after which the end was another one, each with what happened. */
  readonly differences: readonly string[];
}

/**
 * Uploads once, then once more for each `stride`th call of the function, killed before the call and before its reply.
 * The end must always be the same.
 */
export async function crashEverywhere(
  layouts: readonly Layout[],
  quality: Quality,
  { stride, onProgress }: { readonly stride: number; readonly onProgress?: (done: number, of: number) => void },
): Promise<CrashReport> {
  const undisturbed = await uploadOnce(layouts, quality, {});
  const differences: string[] = [];
  let crashes = 0;
  for (let call = 1; call <= undisturbed.calls; call += stride) {
    for (const kill of ['before', 'after'] as const) {
      const { end, violations } = await uploadOnce(layouts, quality, { killAt: { call, kill } });
      crashes += 1;
      if (end === undisturbed.end && violations.length === 0) continue;
      const where = kill === 'before' ? 'before' : 'after the effect of';
      differences.push(`killed ${where} call ${call}: ${end} ${violations.join('; ')}`);
    }
    onProgress?.(call, undisturbed.calls);
  }
  return { undisturbed, crashes, differences };
}

/** One upload and nothing else, on the layout with one file. */
async function uploadOnce(layouts: readonly Layout[], quality: Quality, options: RunOptions): Promise<RunResult> {
  const steps: ScenarioStep[] = [
    { when: { atMs: MINUTE_MS }, action: { kind: 'upload', files: [0], gapMs: 0, quality } },
  ];
  const scenario: Scenario = {
    layout: 0,
    launchMs: MINUTE_MS,
    skew: { s3: 0, sagemaker: 0, controller: 0, person: 0 },
    rates: NO_FAULTS,
    latency: { profile: 'quick', modelMegabytes: 1, listedPages: 1 },
    steps,
    // Within the longest time that a crash may cost: the message's visibility timeout, several times.
    calmAfterMs: 45 * MINUTE_MS,
  };
  const [layout] = layouts;
  if (!layout) throw new Error('there is no layout');
  return await new Simulation(SEED, scenario, layout, options).run();
}
