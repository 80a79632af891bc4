import type { BlobStore } from './blob-store.ts';
import type { Segment } from './segment.ts';

/**
 * The content that GetObject returns. Iterate over it once. If you do not read it, call `destroy`: until then its blobs
 * are kept.
 */
export class ObjectBody implements AsyncIterable<Uint8Array> {
  readonly #store: BlobStore;
  readonly #segments: readonly Segment[];
  readonly #release: () => void;
  #state: 'new' | 'reading' | 'released' = 'new';

  constructor(store: BlobStore, segments: readonly Segment[], release: () => void) {
    this.#store = store;
    this.#segments = segments;
    this.#release = release;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    if (this.#state !== 'new') throw new Error('The body of an object can be read once');
    this.#state = 'reading';
    try {
      for (const { blob, start, length } of this.#segments) yield* this.#store.read(blob, start, length);
    } finally {
      this.destroy();
    }
  }

  /** Releases an unread body. Can be called at any time. */
  destroy(): void {
    if (this.#state === 'released') return;
    this.#state = 'released';
    this.#release();
  }
}
