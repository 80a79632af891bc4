import { beforeAll, describe, expect, test } from 'vitest';
import { crashEverywhere } from '../runs/crash-everywhere.ts';
import { runSeed } from '../runs/run-seed.ts';
import type { Layout } from '../worlds/layout.ts';
import type { Quality } from '../worlds/model-data.ts';
import { synthesize } from '../worlds/templates.ts';

/** A sample of what `npm run simulate` runs. */
const SEEDS = 40;
const NAMED_SEEDS = 5;
const CRASH_STRIDE = 9;

describe('simulation', () => {
  let layouts: Layout[];
  beforeAll(() => {
    layouts = synthesize();
  });

  test('the same seed is the same story', async () => {
    const first = await runSeed(7, layouts, { timeline: 'kept' });
    const second = await runSeed(7, layouts, { timeline: 'kept' });
    expect(first.timeline.length).toBeGreaterThan(50);
    expect(second).toEqual(first);
  });

  test(`seeds 1 to ${SEEDS} break no invariant`, async () => {
    const failures: string[] = [];
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { violations } = await runSeed(seed, layouts);
      if (violations.length > 0) failures.push(`npm run simulate -- --seed ${seed}: ${violations.join('; ')}`);
    }
    expect(failures).toEqual([]);
  });

  test.each([
    'an approved package',
    'the newest below a prefix',
    'a pointer',
    'two files and a marker',
    'a prefix with a marker',
  ])(`seeds 1 to ${NAMED_SEEDS} of %s break no invariant`, async (layout) => {
    for (let seed = 1; seed <= NAMED_SEEDS; seed++) {
      const { violations } = await runSeed(seed, layouts, { layout });
      expect(violations, `seed ${seed}`).toEqual([]);
    }
  });

  test.each<[string, Quality]>([
    ['an upload', 'good'],
    ['a refused upload', 'junk'],
  ])('%s ends the same after a crash of the function', async (_, quality) => {
    const { undisturbed, crashes, differences } = await crashEverywhere(layouts, quality, { stride: CRASH_STRIDE });
    expect(undisturbed.violations).toEqual([]);
    expect(undisturbed.calls).toBeGreaterThan(20);
    expect(crashes).toBeGreaterThan(4);
    expect(differences).toEqual([]);
  });
});
