import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobSink, BlobStore } from '#simulator/s3/blob-store';
import { releaseChunk } from '../wire/release-chunk.ts';

/** Size of a read: large enough for few system calls, small enough for many readers in memory. */
const READ_BYTES = 512 * 1024;

/** Size of a write. Chunks from the network have 64 KiB, and each write takes a trip through the thread pool. */
const BLOCK_BYTES = 512 * 1024;

const BLOB_NAME = /^[0-9a-f-]{36}\.blob$/;

/**
 * Blobs as files. The folder belongs to this store alone: it is created if it is missing. Blobs that an earlier process
 * left in it stay until `keepOnly`.
 */
export class DiskBlobs implements BlobStore {
  readonly #folder: string;
  /** Receives the blobs to delete, where a saved state may still need them. */
  readonly #defer: ((deleteBlob: () => void) => void) | undefined;

  /** `defer` takes each deletion and calls it when no saved state needs the blob. @default at once */
  constructor(folder: string, defer?: (deleteBlob: () => void) => void) {
    this.#folder = folder;
    this.#defer = defer;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  keepOnly(blobs: ReadonlySet<string>): void {
    for (const name of readdirSync(this.#folder)) {
      if (BLOB_NAME.test(name) && !blobs.has(name)) rmSync(join(this.#folder, name), { force: true });
    }
  }

  async create(): Promise<BlobSink> {
    const blob = `${randomUUID()}.blob`;
    const path = join(this.#folder, blob);
    const file = await open(path, 'wx', 0o600);
    const blocks = new BlockWriter(file);
    return {
      write: (chunk) => blocks.write(chunk),
      commit: async () => {
        await blocks.end();
        await file.close();
        return blob;
      },
      abort: async () => {
        await blocks.end().catch(() => undefined);
        await file.close().catch(() => undefined);
        await rm(path, { force: true }).catch(() => undefined);
      },
    };
  }

  async *read(blob: string, start: number, length: number): AsyncGenerator<Uint8Array> {
    const file = await open(join(this.#folder, blob), 'r');
    try {
      for (let at = start, left = length; left > 0; ) {
        const buffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, left));
        const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
        if (bytesRead === 0) throw new Error(`Blob ${blob} ends at byte ${at}`);
        yield bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead);
        at += bytesRead;
        left -= bytesRead;
      }
    } finally {
      await file.close();
    }
  }

  async delete(blob: string): Promise<void> {
    const path = join(this.#folder, blob);
    if (this.#defer) this.#defer(() => rmSync(path, { force: true }));
    else await rm(path, { force: true }).catch(() => undefined);
  }
}

/** Gathers chunks into blocks: one is filled while the other is written. */
class BlockWriter {
  readonly #file: FileHandle;
  #block: Buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #other: Buffer | undefined;
  #filled = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async write(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + BLOCK_BYTES - this.#filled);
      this.#block.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === BLOCK_BYTES) await this.#flush();
    }
  }

  /** Writes the rest, and gives the memory back. */
  async end(): Promise<void> {
    try {
      await this.#flush();
      await this.#writing;
    } finally {
      releaseChunk(this.#block);
      if (this.#other) releaseChunk(this.#other);
    }
  }

  async #flush(): Promise<void> {
    await this.#writing;
    const full = this.#block.subarray(0, this.#filled);
    this.#writing = writeAll(this.#file, full);
    // Awaited by the next flush.
    this.#writing.catch(() => undefined);
    [this.#block, this.#other] = [this.#other ?? Buffer.allocUnsafeSlow(BLOCK_BYTES), this.#block];
    this.#filled = 0;
  }
}

/** A full disk or a signal can cut a write short; the next write reports the error. */
async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at)).bytesWritten;
}
