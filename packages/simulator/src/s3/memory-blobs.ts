import type { BlobSink, BlobStore } from './blob-store.ts';
import { type DigestAlgorithm, startDigests } from './checksums.ts';

/** Blobs in memory, for the simulation. */
export class MemoryBlobs implements BlobStore {
  readonly #blobs = new Map<string, Uint8Array>();
  #next = 0;

  async create(algorithms: readonly DigestAlgorithm[]): Promise<BlobSink> {
    const chunks: Uint8Array[] = [];
    const digests = startDigests(algorithms);
    return {
      write: async (chunk) => {
        digests.update(chunk);
        chunks.push(Uint8Array.from(chunk));
      },
      digests: () => digests.end(),
      commit: async () => {
        const blob = `blob-${this.#next++}`;
        this.#blobs.set(blob, Buffer.concat(chunks));
        return blob;
      },
      abort: async () => undefined,
    };
  }

  async *read(blob: string, start: number, length: number): AsyncGenerator<Uint8Array> {
    const bytes = this.#blobs.get(blob);
    if (!bytes) throw new Error(`No blob ${blob}`);
    if (length > 0) yield Uint8Array.from(bytes.subarray(start, start + length));
  }

  async delete(blob: string): Promise<void> {
    this.#blobs.delete(blob);
  }
}
