import type { FileHandle } from 'node:fs/promises';
import type { Digests } from '#simulator/s3/blob-store';
import { type DigestAlgorithm, startDigests } from '#simulator/s3/checksums';
import { writeBlocks } from './blocks.ts';
import { startThreadDigests, type ThreadDigests } from './digest-thread.ts';

/**
 * Writes and digests chunks in blocks: one is filled while the other is written and digested on another thread. What
 * fits into one block is digested at once.
 */
export class BlockWriter {
  readonly #file: FileHandle;
  readonly #algorithms: readonly DigestAlgorithm[];
  #block: Buffer | undefined;
  #filled = 0;
  #thread: ThreadDigests | undefined;
  /** Of the block before; its memory is free afterwards. */
  #written: Promise<unknown> = Promise.resolve();

  constructor(file: FileHandle, algorithms: readonly DigestAlgorithm[]) {
    this.#file = file;
    this.#algorithms = algorithms;
  }

  async write(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      this.#block ??= writeBlocks.take();
      const part = chunk.subarray(at, at + writeBlocks.blockBytes - this.#filled);
      this.#block.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === writeBlocks.blockBytes) await this.#flush();
    }
  }

  /** Writes the rest. */
  async digests(): Promise<Digests> {
    if (this.#thread) {
      await this.#flush();
      await this.#written;
      return await this.#thread.end();
    }
    const digests = startDigests(this.#algorithms);
    if (this.#block) {
      const rest = this.#block.subarray(0, this.#filled);
      digests.update(rest);
      await writeAll(this.#file, rest);
      writeBlocks.give(this.#block);
    }
    return await digests.end();
  }

  /** Waits for what is being written. */
  async abort(): Promise<void> {
    await this.#written.catch(() => undefined);
    this.#thread?.drop();
  }

  async #flush(): Promise<void> {
    await this.#written;
    const block = this.#block;
    if (!block) return;
    const full = block.subarray(0, this.#filled);
    this.#thread ??= startThreadDigests(this.#algorithms);
    this.#written = Promise.all([writeAll(this.#file, full), this.#thread.update(full)]).then(() =>
      writeBlocks.give(block),
    );
    // Awaited by the next flush.
    this.#written.catch(() => undefined);
    this.#block = undefined;
    this.#filled = 0;
  }
}

/** A full disk or a signal can cut a write short; the next write reports the error. */
async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at)).bytesWritten;
}
