import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { SITUATIONS } from '../situations.ts';
import type { LatencyProfile } from '../worlds/latency.ts';
import type { Layout } from '../worlds/layout.ts';

/** Consecutive seeds. */
export interface Chunk {
  readonly from: number;
  readonly count: number;
}

/** What each worker is started with. */
export interface WorkerData {
  readonly layouts: readonly Layout[];
  readonly profile: LatencyProfile | undefined;
  readonly layout: string | undefined;
}

export interface ChunkResult extends Chunk {
  readonly failures: readonly SeedFailure[];
  /** In how many runs each situation was reached. */
  readonly situations: Readonly<Record<string, number>>;
  readonly swaps: number;
}

/** A seed that broke the contract. */
export interface SeedFailure {
  readonly seed: number;
  readonly violations: readonly string[];
}

/** The result of a batch. */
export interface BatchResult {
  readonly runs: number;
  readonly failures: readonly SeedFailure[];
  readonly situations: ReadonlyMap<string, number>;
  readonly swaps: number;
}

export interface BatchOptions {
  readonly layouts: readonly Layout[];
  readonly chunks: readonly Chunk[];
  /** How fast the services are. @default drawn from each seed */
  readonly profile?: LatencyProfile;
  /** Name of the layout. @default drawn from each seed */
  readonly layout?: string;
  /** @default this folder's, which runs this engine */
  readonly workerUrl?: URL;
  /** @default one per core */
  readonly workers?: number;
  /** Called after each chunk. */
  readonly onProgress?: (soFar: BatchResult) => void;
  /** Ends the batch early. @default when all chunks are done */
  readonly isEnough?: (soFar: BatchResult) => boolean;
}

const CHUNK_SEEDS = 20;
export const WORKER_FLAGS = ['--conditions=source', '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON'];
const WORKER_HEAP_MB = 1024;

/** `count` seeds beginning with `from`, in chunks that make progress visible. */
export function chunksOf(from: number, count: number, size = CHUNK_SEEDS): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = from; at < from + count; at += size) {
    chunks.push({ from: at, count: Math.min(size, from + count - at) });
  }
  return chunks;
}

/** Runs seeds on all cores, each worker one world at a time. */
export async function runChunks(options: BatchOptions): Promise<BatchResult> {
  const { layouts, profile, layout } = options;
  const waiting = [...options.chunks];
  const soFar = new BatchTotals();
  const take = (): Chunk | undefined => (options.isEnough?.(soFar) ? undefined : waiting.shift());
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(options.workerUrl ?? new URL('./worker.ts', import.meta.url), {
        workerData: { layouts, profile, layout } satisfies WorkerData,
        execArgv: WORKER_FLAGS,
        resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB },
      });
      const next = () => {
        const chunk = take();
        if (chunk) worker.postMessage(chunk);
        else void worker.terminate().then(() => resolve());
      };
      worker.on('error', reject);
      worker.on('message', (result: ChunkResult) => {
        soFar.add(result);
        options.onProgress?.(soFar);
        next();
      });
      next();
    });
  const workers = Math.min(options.workers ?? availableParallelism(), options.chunks.length);
  await Promise.all(Array.from({ length: workers }, work));
  return soFar;
}

class BatchTotals implements BatchResult {
  runs = 0;
  swaps = 0;
  failures: readonly SeedFailure[] = [];
  readonly situations = new Map<string, number>(SITUATIONS.map((situation) => [situation, 0]));

  add({ count, swaps, failures, situations }: ChunkResult): void {
    this.runs += count;
    this.swaps += swaps;
    this.failures = [...this.failures, ...failures].sort((a, b) => a.seed - b.seed);
    for (const [name, reached] of Object.entries(situations)) {
      this.situations.set(name, (this.situations.get(name) ?? 0) + reached);
    }
  }
}
