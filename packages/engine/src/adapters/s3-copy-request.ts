/** How objects are copied. */
export interface CopyLimits {
  /** Larger objects are copied in parts, in parallel. In bytes; S3 copies up to 5 GB in one request. */
  readonly maxWholeBytes: number;
  readonly partBytes: number;
  readonly maxParallelParts: number;
}

/** One object to copy, server-side. */
export interface Copy {
  readonly from: { readonly bucket: string; readonly key: string };
  /** The version that was observed at the source. */
  readonly seen?: string;
  readonly to: { readonly bucket: string; readonly key: string };
  /** ETag of the source: other bytes are not copied. Absent: the source is immutable. */
  readonly etag?: string;
  /** Size of the source, in bytes. */
  readonly size: number;
  /** ETag of the object to replace; absent: there must be none. Any other object is kept. */
  readonly over?: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The source, in S3's terms, pinned to the ETag that was observed. */
export function copySource({ from: { bucket, key }, etag }: Copy): {
  readonly CopySource: string;
  readonly CopySourceIfMatch?: string;
} {
  const path = key.split('/').map(encodeURIComponent).join('/');
  return { CopySource: `${bucket}/${path}`, ...(etag !== undefined && { CopySourceIfMatch: `"${etag}"` }) };
}

/** The condition on the target, in S3's terms. */
export function writeCondition({ over }: Copy): { readonly IfMatch: string } | { readonly IfNoneMatch: '*' } {
  return over === undefined ? { IfNoneMatch: '*' } : { IfMatch: `"${over}"` };
}

/** Whether the version that was copied is the one that was observed: the same bytes may have been written again. */
export function isSeenVersion({ seen }: Copy, copied: string | undefined): boolean {
  return seen === undefined || copied === undefined || seen === copied;
}
