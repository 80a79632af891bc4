import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { SITUATIONS } from './situations.ts';
import type { Layout } from './templates.ts';

/** Seeds in a row. */
export interface Chunk {
  readonly from: number;
  readonly count: number;
}

export interface ChunkResult extends Chunk {
  readonly failures: readonly { readonly seed: number; readonly violations: readonly string[] }[];
  /** In how many runs each situation was reached. */
  readonly situations: Readonly<Record<string, number>>;
  readonly swaps: number;
  readonly ms: number;
}

/** What a batch found. */
export interface BatchResult {
  readonly runs: number;
  readonly failures: ChunkResult['failures'];
  readonly situations: ReadonlyMap<string, number>;
  readonly swaps: number;
}

export interface BatchOptions {
  readonly layouts: readonly Layout[];
  readonly chunks: readonly Chunk[];
  /** Default: this folder's, which runs this engine. */
  readonly workerUrl?: URL;
  /** Default: one per core. */
  readonly workers?: number;
  /** Told after each chunk. */
  readonly onProgress?: (soFar: BatchResult) => void;
  /** Ends the batch early. Default: when all chunks are done. */
  readonly isEnough?: (soFar: BatchResult) => boolean;
}

/** `count` seeds from `from` on, in chunks that make progress visible. */
export function chunksOf(from: number, count: number, size = 20): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = from; at < from + count; at += size)
    chunks.push({ from: at, count: Math.min(size, from + count - at) });
  return chunks;
}

/** Runs seeds on all cores, each worker one world at a time. */
export async function runBatch(options: BatchOptions): Promise<BatchResult> {
  const waiting = [...options.chunks];
  const failures: ChunkResult['failures'][number][] = [];
  const situations = new Map<string, number>(SITUATIONS.map((situation) => [situation, 0]));
  const soFar = { runs: 0, failures, situations, swaps: 0 };
  const take = (): Chunk | undefined => (options.isEnough?.(soFar) ? undefined : waiting.shift());

  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(options.workerUrl ?? new URL('./worker.ts', import.meta.url), {
        workerData: { layouts: options.layouts },
        execArgv: ['--conditions=source', '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON'],
        resourceLimits: { maxOldGenerationSizeMb: 1024 },
      });
      const next = () => {
        const chunk = take();
        if (chunk) worker.postMessage(chunk);
        else void worker.terminate().then(() => resolve());
      };
      worker.on('error', reject);
      worker.on('message', (result: ChunkResult) => {
        soFar.runs += result.count;
        soFar.swaps += result.swaps;
        failures.push(...result.failures);
        for (const [name, count] of Object.entries(result.situations)) {
          situations.set(name, (situations.get(name) ?? 0) + count);
        }
        options.onProgress?.(soFar);
        next();
      });
      next();
    });

  const workers = Math.min(options.workers ?? availableParallelism(), options.chunks.length);
  await Promise.all(Array.from({ length: workers }, work));
  failures.sort((a, b) => a.seed - b.seed);
  return soFar;
}

/** The situations that no run reached. */
export function missed({ situations }: BatchResult): string[] {
  return [...situations].filter(([, count]) => count === 0).map(([name]) => name);
}
