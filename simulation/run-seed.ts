import { seededRandom } from './random.ts';
import { drawScenario } from './scenario.ts';
import { type Result, type RunOptions, Simulation } from './simulation.ts';
import type { Layout } from './templates.ts';

/** Runs one seed. What the simulation itself can't cope with is a violation too. */
export async function runSeed(seed: number, layouts: readonly Layout[], options: RunOptions = {}): Promise<Result> {
  const scenario = drawScenario(seededRandom(seed), layouts);
  const simulation = new Simulation(seed, scenario, layouts[scenario.layout]!, options);
  try {
    return await simulation.run();
  } catch (error) {
    return simulation.broken(error as Error);
  }
}
