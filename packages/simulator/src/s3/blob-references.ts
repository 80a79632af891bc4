import type { BlobSink, BlobStore } from './blob-store.ts';
import { ObjectBody } from './object-body.ts';
import type { Segment } from './segment.ts';

/** Counts the references to each blob (versions, parts, readers) and deletes it after the last. */
export class BlobReferences {
  readonly #store: BlobStore;
  readonly #counts = new Map<string, number>();

  constructor(store: BlobStore) {
    this.#store = store;
  }

  create(...given: Parameters<BlobStore['create']>): Promise<BlobSink> {
    return this.#store.create(...given);
  }

  retain(segments: readonly Segment[]): void {
    for (const { blob } of segments) this.#counts.set(blob, (this.#counts.get(blob) ?? 0) + 1);
  }

  /** The names of all blobs that are referred to. */
  names(): ReadonlySet<string> {
    return new Set(this.#counts.keys());
  }

  release(segments: readonly Segment[]): void {
    for (const { blob } of segments) {
      const left = (this.#counts.get(blob) ?? 0) - 1;
      if (left > 0) {
        this.#counts.set(blob, left);
      } else {
        this.#counts.delete(blob);
        void this.#store.delete(blob);
      }
    }
  }

  /** A reader that keeps the blobs until it ends or is destroyed, even if the object is deleted meanwhile. */
  read(segments: readonly Segment[]): ObjectBody {
    this.retain(segments);
    return new ObjectBody(this.#store, segments, () => this.release(segments));
  }
}
