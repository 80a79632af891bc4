import { Worker } from 'node:worker_threads';
import type { Digests } from '#simulator/s3/blob-store';
import type { DigestAlgorithm } from '#simulator/s3/checksums';
import { siblingScript } from '../processes/index.ts';
import type { DigestReply, DigestRequest } from './digest-worker.ts';

/** Digests of one upload, made on the thread. */
export interface ThreadDigests {
  /** Resolves when the block, in shared memory, may be changed. One at a time. */
  update(block: Uint8Array): Promise<void>;
  end(): Promise<Digests>;
  /** Instead of `end`. */
  drop(): void;
}

/** One alone is slower than what receives the bytes; more would wait for a core, and each takes 10 MB. */
const THREADS = 2;

/** The blocks are outside of the thread's heap. Without a limit, that grows by messages that nobody needs any more. */
const LIMITS = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 32 };

const threads = new Map<number, Worker>();
let ids = 0;
const waiting = new Map<number, PromiseWithResolvers<Digests>>();

/**
 * Starts digests on a thread that the uploads of this process share. It keeps the process alive only while it owes a
 * reply.
 */
export function startThreadDigests(algorithms: readonly DigestAlgorithm[]): ThreadDigests {
  const id = ids++;
  const worker = threadOf(id);
  const tell = (request: Omit<DigestRequest, 'id'>) => worker.postMessage({ id, ...request });
  const ask = (request: Omit<DigestRequest, 'id'>) => {
    const reply = Promise.withResolvers<Digests>();
    waiting.set(id, reply);
    worker.ref();
    tell(request);
    return reply.promise;
  };
  let start: readonly DigestAlgorithm[] | undefined = algorithms;
  return {
    async update(block) {
      const first = start;
      start = undefined;
      await ask({ start: first, block });
    },
    end: () => ask({ start, end: 'digests' }),
    drop: () => tell({ end: 'drop' }),
  };
}

function threadOf(id: number): Worker {
  const slot = id % THREADS;
  const worker = threads.get(slot) ?? startThread(slot);
  threads.set(slot, worker);
  return worker;
}

function startThread(slot: number): Worker {
  const script = siblingScript('digest-worker', import.meta.url);
  const execArgv = script.endsWith('.ts') ? ['--conditions=source', '--disable-warning=ExperimentalWarning'] : [];
  const worker = new Worker(script, { execArgv, resourceLimits: LIMITS });
  worker.on('message', ({ id, digests = new Map() }: DigestReply) => {
    const reply = waiting.get(id);
    waiting.delete(id);
    reply?.resolve(digests);
    if (waiting.size === 0) for (const each of threads.values()) each.unref();
  });
  worker.once('error', (error) => {
    // The next upload starts another thread.
    threads.delete(slot);
    for (const [id, { reject }] of waiting) {
      if (id % THREADS !== slot) continue;
      waiting.delete(id);
      reject(error);
    }
  });
  // After the listeners, each of which would keep the process alive again.
  worker.unref();
  return worker;
}
