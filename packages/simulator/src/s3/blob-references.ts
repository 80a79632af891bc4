import type { BlobSink, BlobStore } from './blob-store.ts';
import type { ByteRange } from './ranges.ts';

/** A range of one blob. An object is a list of them: completing an upload or copying an object moves no bytes. */
export interface Segment {
  readonly blob: string;
  readonly start: number;
  readonly length: number;
}

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

  /** The bytes, to be read once. The blobs are kept until then, even if the object is deleted meanwhile. */
  read(segments: readonly Segment[]): AsyncIterable<Uint8Array> {
    this.retain(segments);
    return this.#chunks(segments);
  }

  async *#chunks(segments: readonly Segment[]): AsyncGenerator<Uint8Array> {
    try {
      for (const { blob, start, length } of segments) yield* this.#store.read(blob, start, length);
    } finally {
      this.release(segments);
    }
  }
}

/** The segments of a range of the content that `segments` make up. */
export function slice(segments: readonly Segment[], { start, length }: ByteRange): Segment[] {
  const found: Segment[] = [];
  let offset = 0;
  for (const segment of segments) {
    const from = Math.max(start, offset);
    const to = Math.min(start + length, offset + segment.length);
    if (from < to) found.push({ blob: segment.blob, start: segment.start + from - offset, length: to - from });
    offset += segment.length;
  }
  return found;
}
