/** A range of one blob. An object is a list of them: completing an upload or copying an object moves no bytes. */
export interface Segment {
  readonly blob: string;
  readonly start: number;
  readonly length: number;
}

/** The bytes `start` to `start + length - 1` of the content that `segments` make up. */
export function slice(segments: readonly Segment[], start: number, length: number): Segment[] {
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
