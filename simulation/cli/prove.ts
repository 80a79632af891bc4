import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { crashEverywhere } from '../runs/crash-everywhere.ts';
import type { Layout } from '../worlds/layout.ts';
import type { Quality } from '../worlds/model-data.ts';
import { synthesize } from '../worlds/templates.ts';
import { Progress } from './progress.ts';
import { runSeeds } from './run-seeds.ts';

/** The same seeds in every proof: as many as reach every situation. */
const FIXED_SEEDS = { from: 1, count: 2000, isCovering: true } as const;
/** With the layouts that are asked for by name. They reach the situations of these. */
const NAMED_SEEDS = { from: 1, count: 100, isCovering: true } as const;

const UPLOADS: readonly (readonly [string, Quality])[] = [
  ['an upload', 'good'],
  ['a refused upload', 'junk'],
];

/** Fixed seeds, a crash at each call, and the long tests. Returns whether all held. */
export async function prove(): Promise<boolean> {
  const layouts = synthesize();
  const fixed = await runSeeds(layouts, FIXED_SEEDS);
  const isGood = [fixed.isGood];
  for (const { name, isByName } of layouts) {
    if (isByName) isGood.push((await runSeeds(layouts, { ...NAMED_SEEDS, layout: name })).isGood);
  }
  for (const [name, quality] of UPLOADS) isGood.push(await proveCrashes(layouts, name, quality));
  isGood.push(await runProofTests());
  return isGood.every((good) => good);
}

/** An upload ends the same wherever the function crashes. */
async function proveCrashes(layouts: readonly Layout[], name: string, quality: Quality): Promise<boolean> {
  const progress = new Progress();
  const { undisturbed, crashes, differences } = await crashEverywhere(layouts, quality, {
    stride: 1,
    onProgress: (done, calls) => progress.show(`${name}: crashes at ${done}/${calls} calls`),
  });
  progress.end();
  const problems = [...undisturbed.violations, ...differences];
  console.log(`${name}: ${crashes} crashes, ${problems.length} of them with another end`);
  for (const problem of problems) console.log(`  ${problem}`);
  return problems.length === 0 && crashes > 0;
}

/** The tests below `proof/`, which are too long for `npm test`. */
function runProofTests(): Promise<boolean> {
  const root = join(import.meta.dirname, '..');
  const args = ['--no-install', 'vitest', 'run', '--config', join(root, 'proof/vitest.config.ts')];
  const child = spawn('npx', args, { cwd: root, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code === 0));
  });
}
