import type { FileHandle } from 'node:fs/promises';
import type { Digests } from '#simulator/s3/blob-store';
import { type DigestAlgorithm, startDigests } from '#simulator/s3/checksums';
import { writeBlocks } from './blocks.ts';
import { startThreadDigests, type ThreadDigests } from './digest-thread.ts';

/**
 * Writes and digests chunks in blocks: one is filled while the other is written and digested on another thread. What
 * fits into one block is digested at once.
 */
export function blockWriter(file: FileHandle, algorithms: readonly DigestAlgorithm[]) {
  let block: Buffer | undefined;
  let filled = 0;
  let thread: ThreadDigests | undefined;
  /** Of the block before; its memory is free afterwards. */
  let written: Promise<unknown> = Promise.resolve();
  const flush = async () => {
    await written;
    const full = block;
    if (!full) return;
    const bytes = full.subarray(0, filled);
    thread ??= startThreadDigests(algorithms);
    written = Promise.all([writeAll(file, bytes), thread.update(bytes)]).then(() => writeBlocks.give(full));
    // Awaited by the next flush.
    written.catch(() => undefined);
    block = undefined;
    filled = 0;
  };
  return {
    async write(chunk: Uint8Array): Promise<void> {
      for (let at = 0; at < chunk.length; ) {
        block ??= writeBlocks.take();
        const part = chunk.subarray(at, at + writeBlocks.blockBytes - filled);
        block.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled === writeBlocks.blockBytes) await flush();
      }
    },
    /** Writes the rest. */
    async digests(): Promise<Digests> {
      if (thread) {
        await flush();
        await written;
        return await thread.end();
      }
      const digests = startDigests(algorithms);
      if (block) {
        const rest = block.subarray(0, filled);
        digests.update(rest);
        await writeAll(file, rest);
        writeBlocks.give(block);
      }
      return await digests.end();
    },
    /** Waits for what is being written. */
    async abort(): Promise<void> {
      await written.catch(() => undefined);
      thread?.drop();
    },
  };
}

/** A full disk or a signal can cut a write short; the next write reports the error. */
async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at)).bytesWritten;
}
