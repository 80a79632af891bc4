import type { SourceSpec } from '@freshpoint/cdk/contract';

/** One object that a source names. */
export interface SourceObject {
  readonly bucket: string;
  readonly key: string;
  /** Without quotes. */
  readonly etag: string;
  /** `<algorithm>:<checksum of the whole object>`. Absent: S3 has none, or a listing found the object. */
  readonly checksum?: string;
  /** Bytes. */
  readonly size: number;
  /** Epoch ms. */
  readonly lastModified: number;
  /** Absent: unknown, or the bucket has no versions. */
  readonly version?: string;
}

/** A source as messages name it. */
export function uriOf(source: SourceSpec): string {
  if ('key' in source) return `s3://${source.bucket}/${source.key}`;
  return `s3://${source.bucket}/${source.prefix}*${source.suffix ?? ''}`;
}

/** What a revision's digest contains of one object. */
export function digestLine({ bucket, key, checksum, etag, size }: SourceObject): string {
  return `${JSON.stringify([`s3://${bucket}/${key}`, checksum ?? etag, size])}\n`;
}
