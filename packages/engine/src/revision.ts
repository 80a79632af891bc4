import { createHash } from 'node:crypto';
import type { SourceSpec } from '../../cdk/src/private/contract.ts';
import type { SourcesView } from './policy/observation.ts';

/** One object that a source names. */
export interface SourceObject {
  readonly bucket: string;
  readonly key: string;
  /** With or without its quotes. */
  readonly etag: string;
  /** Bytes. */
  readonly size: number;
  /** Epoch ms. */
  readonly lastModified: number;
}

/** Objects of one source, keys in UTF-8 order, as S3 lists them. */
export type ObjectStream = AsyncIterator<SourceObject>;

/**
 * sha256 over the sorted (uri, etag, size) of all objects of all sources. The streams are merged as they come:
 * memory doesn't grow with the number of objects. An object that several sources name counts once.
 */
export async function revisionOf(
  sources: readonly SourceSpec[],
  open: (source: SourceSpec) => ObjectStream,
): Promise<SourcesView> {
  const heads = await Promise.all(sources.map(async (source) => new Head(source, open(source)).advance()));
  const missing = heads.filter((head) => !head.current).map((head) => uriOf(head.source));
  if (missing.length > 0 || heads.length === 0) return { kind: 'missing', uris: missing };

  const digest = createHash('sha256');
  let newest = 0;
  let objects = 0;
  let last: string | undefined;
  for (let head = least(heads); head?.current; head = least(heads)) {
    const { uri, object } = head.current;
    if (uri !== last) {
      digest.update(`${JSON.stringify([uri, object.etag.replaceAll('"', ''), object.size])}\n`);
      newest = Math.max(newest, object.lastModified);
      objects += 1;
      last = uri;
    }
    await head.advance();
  }
  return { kind: 'complete', revision: digest.digest('hex'), newest, objects };
}

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
