import { parentPort, workerData } from 'node:worker_threads';
import type { Chunk, ChunkResult, WorkerData } from './batch.ts';
import { runSeed } from './run-seed.ts';

const { layouts, profile, layout } = workerData as WorkerData;

parentPort?.on('message', async ({ from, count }: Chunk) => {
  const failures: { seed: number; violations: readonly string[] }[] = [];
  const situations: Record<string, number> = {};
  let swaps = 0;
  for (let seed = from; seed < from + count; seed++) {
    const result = await runSeed(seed, layouts, { profile, layout });
    if (result.violations.length > 0) failures.push({ seed, violations: result.violations });
    for (const situation of result.situations) situations[situation] = (situations[situation] ?? 0) + 1;
    swaps += result.swaps;
  }
  parentPort?.postMessage({ from, count, failures, situations, swaps } satisfies ChunkResult);
});
