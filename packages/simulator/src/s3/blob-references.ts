import type { BlobSink, BlobStore } from './blob-store.ts';
import type { ByteRange } from './ranges.ts';

/** A range of one blob. An object is a list of them: completing an upload or copying an object moves no bytes. */
export interface Segment {
  readonly blob: string;
  readonly start: number;
  readonly length: number;
}

export type BlobReferences = ReturnType<typeof blobReferences>;

/** Counts the references to each blob (versions, parts, readers) and deletes it after the last. */
export function blobReferences(store: BlobStore) {
  const counts = new Map<string, number>();
  const retain = (segments: readonly Segment[]): void => {
    for (const { blob } of segments) counts.set(blob, (counts.get(blob) ?? 0) + 1);
  };
  const release = (segments: readonly Segment[]): void => {
    for (const { blob } of segments) {
      const left = (counts.get(blob) ?? 0) - 1;
      if (left > 0) {
        counts.set(blob, left);
      } else {
        counts.delete(blob);
        void store.delete(blob);
      }
    }
  };
  async function* chunks(segments: readonly Segment[]): AsyncGenerator<Uint8Array> {
    try {
      for (const { blob, start, length } of segments) yield* store.read(blob, start, length);
    } finally {
      release(segments);
    }
  }
  return {
    retain,
    release,
    create: (...given: Parameters<BlobStore['create']>): Promise<BlobSink> => store.create(...given),
    /** The names of all blobs that are referred to. */
    names: (): ReadonlySet<string> => new Set(counts.keys()),
    /** The bytes, to be read once. The blobs are kept until then, even if the object is deleted meanwhile. */
    read(segments: readonly Segment[]): AsyncIterable<Uint8Array> {
      retain(segments);
      return chunks(segments);
    },
  };
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
