import { drawScenario } from '../persons/draw-scenario.ts';
import { seededRandom } from '../random.ts';
import type { Layout } from '../worlds/layout.ts';
import type { RunOptions, RunResult } from './run-result.ts';
import { Simulation } from './simulation.ts';

/** Runs one seed. An error of the simulation itself is a violation, too. */
export async function runSeed(seed: number, layouts: readonly Layout[], options: RunOptions = {}): Promise<RunResult> {
  const drawn = drawScenario(seededRandom(seed), layouts);
  const { profile = drawn.latency.profile } = options;
  const scenario = { ...drawn, latency: { ...drawn.latency, profile } };
  const layout = layouts[scenario.layout];
  if (!layout) throw new Error(`there is no layout ${scenario.layout}`);
  const simulation = new Simulation(seed, scenario, layout, options);
  try {
    return await simulation.run();
  } catch (error) {
    return simulation.broken(error as Error);
  }
}
