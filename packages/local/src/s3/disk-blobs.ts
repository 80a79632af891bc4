import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { BlobSink, BlobStore } from '#simulator/s3/blob-store';

/** Size of a read: large enough for few system calls, small enough for many readers in memory. */
const READ_BYTES = 256 * 1024;

/** How much can wait to be written. Each write takes a trip through the thread pool, however many chunks it has. */
const WRITE_BYTES = 512 * 1024;

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
    const file = createWriteStream(path, { flags: 'wx', mode: 0o600, highWaterMark: WRITE_BYTES });
    await once(file, 'open');
    // The next write, or the commit, reports the error.
    file.on('error', () => undefined);
    return {
      write: async (chunk) => {
        if (!file.write(chunk)) await once(file, 'drain');
      },
      commit: async () => {
        await finished(file.end());
        return blob;
      },
      abort: async () => {
        file.destroy();
        await finished(file).catch(() => undefined);
        await rm(path, { force: true }).catch(() => undefined);
      },
    };
  }

  async *read(blob: string, start: number, length: number): AsyncGenerator<Uint8Array> {
    if (length === 0) return;
    const end = start + length - 1;
    const file = createReadStream(join(this.#folder, blob), { start, end, highWaterMark: READ_BYTES });
    yield* file;
    if (file.bytesRead < length) throw new Error(`Blob ${blob} ends at byte ${start + file.bytesRead}`);
  }

  async delete(blob: string): Promise<void> {
    const path = join(this.#folder, blob);
    if (this.#defer) this.#defer(() => rmSync(path, { force: true }));
    else await rm(path, { force: true }).catch(() => undefined);
  }
}
