import type { DigestAlgorithm } from './checksums.ts';

/**
 * Stores the bytes of objects and parts. A blob is written once, read many times and deleted once. The store chooses
 * its name, independently of keys.
 */
export interface BlobStore {
  /** `algorithms`: what `digests` will be asked for. */
  create(algorithms: readonly DigestAlgorithm[]): Promise<BlobSink>;
  /** The bytes `start` to `start + length - 1`, in chunks that are the reader's own. Rejects without such a blob. */
  read(blob: string, start: number, length: number): AsyncIterable<Uint8Array>;
  /** Called once per committed blob, after its last reference is released. Never rejects. */
  delete(blob: string): Promise<void>;
  /** Removes all other blobs, which an earlier process left behind. Absent: the store starts empty. */
  keepOnly?(blobs: ReadonlySet<string>): void;
}

/** One blob being written. Ends with exactly one of `commit` and `abort`. */
export interface BlobSink {
  /** Copies the chunk, which the caller may change when this has resolved. One write at a time. */
  write(chunk: Uint8Array): Promise<void>;
  /** The digest of all that was written, by algorithm. Called once, after the last write. */
  digests(): Promise<Digests>;
  /** Makes the blob readable and returns its name. */
  commit(): Promise<string>;
  /** Removes what was written. Never rejects. */
  abort(): Promise<void>;
}

/** A digest by each algorithm that was asked for. */
export type Digests = ReadonlyMap<DigestAlgorithm, Uint8Array>;
