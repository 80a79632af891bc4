import { uriOf } from '@freshpoint/cdk/contract';

/** One object that a source names or chooses. */
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
  /** URI of the source that chose the object, or of the folder that it is in. Absent: a source names it by its key. */
  readonly chosenBy?: string;
}

/** That the sources with these URIs have no object, in words; `upload`: what to do where an object is missing. */
export function describeMissing(uris: readonly string[], upload?: string): string {
  const objects = uris.filter((uri) => uri.startsWith('s3://'));
  const groups = new Set(uris.filter((uri) => !objects.includes(uri)).map((uri) => uri.replace(/#.*$/, '')));
  return [
    ...(objects.length > 0 ? [`There is no object at ${objects.join(', ')}.`, upload ?? []].flat() : []),
    ...[...groups].map((group) => `There is no approved package in ${group}: approve one.`),
  ].join(' ');
}

/** URI of the source that an object, or a copy of it, belongs to. */
export function sourceUriOf(object: Pick<SourceObject, 'bucket' | 'key' | 'chosenBy'>): string {
  return object.chosenBy ?? uriOf(object);
}

/** Identifies an object in a revision, which has it once for each source that it belongs to. */
export function fileIdOf(file: Pick<SourceObject, 'bucket' | 'key' | 'chosenBy'>): string {
  return JSON.stringify([sourceUriOf(file), file.bucket, file.key]);
}

/** What a revision's digest contains of one object. */
export function digestLine({ bucket, key, checksum, etag, size, chosenBy }: SourceObject): string {
  const chosen = chosenBy === undefined ? [] : [chosenBy];
  return `${JSON.stringify([`s3://${bucket}/${key}`, checksum ?? etag, size, ...chosen])}\n`;
}
