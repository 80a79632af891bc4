/*
 * A thread that digests large uploads, so that they do not hold up all other requests. Each message has the id of an
 * upload, and what to do: start with some algorithms, add a block, end, or drop it. A block and an end are answered.
 */
import { parentPort } from 'node:worker_threads';
import { type DigestAlgorithm, startDigests } from '#simulator/s3/checksums';

/** What the thread is told. */
export interface DigestRequest {
  readonly id: number;
  readonly start?: readonly DigestAlgorithm[];
  /** A view of shared memory, which is left alone until the reply. */
  readonly block?: Uint8Array;
  readonly end?: 'digests' | 'drop';
}

/** What it replies. */
export interface DigestReply {
  readonly id: number;
  readonly digests?: ReadonlyMap<DigestAlgorithm, Uint8Array>;
}

const uploads = new Map<number, ReturnType<typeof startDigests>>();

parentPort?.on('message', async ({ id, start, block, end }: DigestRequest) => {
  if (start) uploads.set(id, startDigests(start));
  const upload = uploads.get(id);
  if (block) upload?.update(block);
  if (end) uploads.delete(id);
  const digests = end === 'digests' ? await upload?.end() : undefined;
  if (end !== 'drop') parentPort?.postMessage({ id, digests } satisfies DigestReply);
});
