import { drawScenario } from '../persons/draw-scenario.ts';
import { seededRandom } from '../random.ts';
import type { Layout } from '../worlds/layout.ts';
import type { RunOptions, RunResult } from './run-result.ts';
import { Simulation } from './simulation.ts';
import type { Story } from './stories.ts';

const STORY_SEED = 1;

/** Runs one seed. An error of the simulation itself is a violation, too. */
export async function runSeed(seed: number, layouts: readonly Layout[], options: RunOptions = {}): Promise<RunResult> {
  const used = layouts.filter(({ name, isByName }) =>
    options.layout === undefined ? !isByName : name === options.layout,
  );
  const drawn = drawScenario(seededRandom(seed), used);
  const { profile = drawn.latency.profile } = options;
  const scenario = { ...drawn, latency: { ...drawn.latency, profile } };
  const layout = used[scenario.layout];
  if (!layout) throw new Error(`there is no layout ${options.layout ?? scenario.layout}`);
  const simulation = new Simulation(seed, scenario, layout, options);
  try {
    return await simulation.run();
  } catch (error) {
    return simulation.broken(error as Error);
  }
}

/** Runs a story, with its timeline. */
export function runStory({ layout: name, scenario }: Story, layouts: readonly Layout[]): Promise<RunResult> {
  const index = layouts.findIndex((each) => each.name === name);
  const layout = layouts[index];
  if (!layout) throw new Error(`there is no layout "${name}"`);
  const simulation = new Simulation(STORY_SEED, { ...scenario, layout: index }, layout, { timeline: 'kept' });
  return simulation.run().catch((error: unknown) => simulation.broken(error as Error));
}
