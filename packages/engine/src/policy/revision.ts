import { createHash } from 'node:crypto';
import type { SourceSpec } from '@freshpoint/cdk/contract';
import type { SourceFile, SourcesView } from './observation.ts';

/** One object that a source names. */
export interface SourceObject {
  readonly bucket: string;
  readonly key: string;
  /** With or without its quotes. */
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

/** How much of a revision people see, in hex digits. */
const SHORT_REVISION_DIGITS = 12;

/** A revision as people see it. */
export function shortRevision(revision: string): string {
  return revision.slice(0, SHORT_REVISION_DIGITS);
}

/** An ETag without its quotes. */
export function unquoteETag(etag: string): string {
  return etag.replaceAll('"', '');
}

/** Objects of one source, keys in UTF-8 order, as S3 lists them. */
export type ObjectStream = AsyncIterator<SourceObject>;

/**
 * sha256 over the sorted (uri, checksum or else ETag, size) of all objects of all sources. The streams are merged as
 * they arrive, so memory does not grow with the number of objects. An object that several sources name counts once.
 * Where a source has no object, the revision is a digest of the existing objects and of the missing sources.
 */
export async function revisionOf(
  sources: readonly SourceSpec[],
  open: (source: SourceSpec) => ObjectStream,
): Promise<SourcesView> {
  // An object that a source names by its key is digested as HeadObject describes it, although a listing has it too.
  const keysFirst = sources.toSorted((one, other) => Number('key' in other) - Number('key' in one));
  const heads = await Promise.all(keysFirst.map(async (source) => new Head(source, open(source)).advance()));
  const missing = heads.filter((head) => !head.current).map((head) => uriOf(head.source));
  if (missing.length === heads.length) return { kind: 'missing', uris: missing };

  const digest = createHash('sha256');
  const keys = new Set(sources.flatMap((source) => ('key' in source ? uriOf(source) : [])));
  const files: SourceFile[] = [];
  let newest = 0;
  let objects = 0;
  let size = 0;
  let last: string | undefined;
  for (let head = least(heads); head?.current; head = least(heads)) {
    const { uri, object } = head.current;
    if (uri !== last) {
      digest.update(`${JSON.stringify([uri, object.checksum ?? unquoteETag(object.etag), object.size])}\n`);
      newest = Math.max(newest, object.lastModified);
      objects += 1;
      size += object.size;
      last = uri;
    }
    // The object of a HeadObject request: a listing does not return the version.
    if ('key' in head.source && keys.delete(uri)) files.push(fileOf(object));
    await head.advance();
  }
  for (const uri of missing) digest.update(`missing ${uri}\n`);
  const revision = digest.digest('hex');
  if (missing.length > 0) return { kind: 'missing', uris: missing, revision, newest };
  return { kind: 'complete', revision, newest, objects, size, files };
}

function fileOf({ lastModified: _, etag, ...object }: SourceObject): SourceFile {
  return { ...object, etag: unquoteETag(etag) };
}

/** A source's stream and its current object. */
class Head {
  current?: { readonly uri: string; readonly order: Buffer; readonly object: SourceObject };
  readonly source: SourceSpec;
  readonly #stream: ObjectStream;

  constructor(source: SourceSpec, stream: ObjectStream) {
    this.source = source;
    this.#stream = stream;
  }

  async advance(): Promise<this> {
    const { done, value } = await this.#stream.next();
    const uri = done ? '' : `s3://${value.bucket}/${value.key}`;
    this.current = done ? undefined : { uri, order: Buffer.from(uri), object: value };
    return this;
  }
}

function least(heads: readonly Head[]): Head | undefined {
  let found: Head | undefined;
  for (const head of heads) {
    if (!head.current) continue;
    if (!found?.current || Buffer.compare(head.current.order, found.current.order) < 0) found = head;
  }
  return found;
}

function uriOf(source: SourceSpec): string {
  if ('key' in source) return `s3://${source.bucket}/${source.key}`;
  return `s3://${source.bucket}/${source.prefix}*${source.suffix ?? ''}`;
}
