import { beforeAll, describe, expect, test } from 'vitest';
import { chunksOf, missed, runBatch } from '../batch.ts';
import { uploadOnce } from '../boundaries.ts';
import { runSeed } from '../run-seed.ts';
import type { Quality } from '../sources.ts';
import { type Layout, synthesize } from '../templates.ts';

const FIXED = { from: 1, count: 1400 };
const FRESH = 1000;
/** Fresh seeds are begun for so long, in ms. */
const FRESH_MS = 20_000;

/** Of the commit in CI, of the day elsewhere: others each time, and known afterwards. */
function freshSeed(): number {
  const commit = process.env.GITHUB_SHA ?? process.env.CI_COMMIT_SHA;
  if (commit) return 1_000_000_000 + Number.parseInt(commit.slice(0, 7), 16);
  return 2_000_000_000 + Math.floor(Date.now() / 86_400_000) * 10_000;
}

describe('simulation', () => {
  let layouts: Layout[];
  beforeAll(() => {
    layouts = synthesize();
  });

  test('the same seed is the same story', async () => {
    const first = await runSeed(7, layouts, { timeline: true });
    const second = await runSeed(7, layouts, { timeline: true });
    expect(first.timeline.length).toBeGreaterThan(50);
    expect(second).toEqual(first);
  });

  test('no seed breaks an invariant, and every situation is reached', { timeout: 600_000 }, async () => {
    const fixed = await runBatch({ layouts, chunks: chunksOf(FIXED.from, FIXED.count) });
    const until = Date.now() + FRESH_MS;
    const from = freshSeed();
    const fresh = await runBatch({ layouts, chunks: chunksOf(from, FRESH), isEnough: () => Date.now() > until });
    console.log(`simulation: seeds 1 to ${FIXED.count}, and ${fresh.runs} from ${from} on`);
    const failures = [...fixed.failures, ...fresh.failures];
    const told = failures.map(({ seed, violations }) => `npm run simulate -- --seed ${seed}: ${violations.join('; ')}`);
    expect(told).toEqual([]);
    expect(missed(fixed)).toEqual([]);
  });

  test.each<[string, Quality]>([
    ['an upload', 'good'],
    ['a refused upload', 'junk'],
  ])('%s ends the same wherever the function is killed', { timeout: 300_000 }, async (_, quality) => {
    const undisturbed = await uploadOnce(layouts, quality, {});
    expect(undisturbed.violations).toEqual([]);
    expect(undisturbed.calls).toBeGreaterThan(20);
    const differing: string[] = [];
    for (let call = 1; call <= undisturbed.calls; call++) {
      for (const kill of ['before', 'after'] as const) {
        const { end, violations } = await uploadOnce(layouts, quality, { killAt: { call, kill } });
        if (end !== undisturbed.end || violations.length > 0) {
          differing.push(`killed ${kill} the reply of call ${call}: ${end} ${violations.join('; ')}`);
        }
      }
    }
    expect(differing).toEqual([]);
  });
});
