import { parseArgs } from 'node:util';
import { prove } from './cli/prove.ts';
import { printSituations, runSeeds } from './cli/run-seeds.ts';
import { runSeed } from './runs/run-seed.ts';
import { LATENCY_PROFILES, type LatencyProfile } from './worlds/latency.ts';
import { synthesize } from './worlds/templates.ts';

const USAGE = `Usage: npm run simulate [-- options]

Without options, runs the whole proof: fixed seeds, a crash at each call, and every change of settings.

Options:
  --seeds <n>    Run n seeds on all cores, different ones each time, and count the situations they reach.
  --from <seed>  First seed of --seeds. Default: derived from the time.
  --workers <n>  Worker threads of --seeds. Default: one per core.
  --seed <seed>  Run one seed and print its timeline.
  --profile <p>  How fast the services are: quick, typical or slow. Default: drawn from each seed.
  --layout <l>   The arrangement of sources by its name, e.g. 'an approved package'. Default: drawn from each seed.
  --help         Print this help.`;

const MAX_TIME_SEED = 1_000_000_000;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    from: { type: 'string' },
    seed: { type: 'string' },
    workers: { type: 'string' },
    profile: { type: 'string' },
    layout: { type: 'string' },
    help: { type: 'boolean' },
  },
});

if (values.help) console.log(USAGE);
else if (values.seed !== undefined) await runOne(Number(values.seed));
else if (values.seeds !== undefined || values.from !== undefined) await runMany();
else process.exitCode = (await prove()) ? 0 : 1;

async function runOne(seed: number): Promise<void> {
  const { timeline, violations, ...rest } = await runSeed(seed, synthesize(), {
    timeline: 'kept',
    profile: chosenProfile(),
    layout: values.layout,
  });
  for (const line of timeline) console.log(line);
  const summary = `${rest.calls} calls, ${rest.swaps} swaps, at rest ${rest.restAfterMs / 1000} s after calm`;
  console.log(`\nseed ${seed}: ${summary}`);
  console.log(rest.end);
  for (const violation of violations) console.log(`VIOLATION ${violation}`);
  process.exitCode = violations.length > 0 ? 1 : 0;
}

function chosenProfile(): LatencyProfile | undefined {
  const { profile } = values;
  if (profile === undefined) return undefined;
  const found = LATENCY_PROFILES.find((name) => name === profile);
  if (!found) throw new Error(`--profile is one of ${LATENCY_PROFILES.join(', ')}, got ${profile}`);
  return found;
}

async function runMany(): Promise<void> {
  const count = Number(values.seeds ?? 1000);
  // The seeds are printed, so every run can be repeated.
  const from = Number(values.from ?? Math.floor(Date.now() / 1000) % MAX_TIME_SEED);
  const workers = values.workers === undefined ? undefined : Number(values.workers);
  const chosen = { profile: chosenProfile(), layout: values.layout };
  const { result, isGood } = await runSeeds(synthesize(), { from, count, workers, ...chosen });
  printSituations(result);
  process.exitCode = isGood ? 0 : 1;
}
