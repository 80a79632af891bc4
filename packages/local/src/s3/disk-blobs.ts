import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobSink, BlobStore } from '#simulator/s3/blob-store';
import type { DigestAlgorithm } from '#simulator/s3/checksums';
import { BlockWriter } from './block-writer.ts';
import { readBlocks } from './blocks.ts';

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

  async create(algorithms: readonly DigestAlgorithm[]): Promise<BlobSink> {
    const blob = `${randomUUID()}.blob`;
    const path = join(this.#folder, blob);
    const file = await open(path, 'wx', 0o600);
    const blocks = new BlockWriter(file, algorithms);
    return {
      write: (chunk) => blocks.write(chunk),
      digests: () => blocks.digests(),
      commit: async () => {
        await file.close();
        return blob;
      },
      abort: async () => {
        await blocks.abort();
        await file.close().catch(() => undefined);
        await rm(path, { force: true }).catch(() => undefined);
      },
    };
  }

  async *read(blob: string, start: number, length: number): AsyncGenerator<Uint8Array> {
    const file = await open(join(this.#folder, blob), 'r');
    try {
      for (let at = start, left = length; left > 0; ) {
        // A small object would hold a whole block.
        const buffer = left < readBlocks.blockBytes / 4 ? Buffer.allocUnsafeSlow(left) : readBlocks.take();
        const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, left), at);
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
