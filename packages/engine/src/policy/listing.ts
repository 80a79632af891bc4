import { createHash } from 'node:crypto';
import type { PrefixSource, SourceSpec } from '@freshpoint/cdk/contract';
import { digestLine, type SourceObject, uriOf } from './source-object.ts';

/** How far the prefixes of the sources were listed: enough to continue in another pass. */
export interface ListingProgress {
  /** Index of the prefix that is being listed, in the order of `listedPrefixes`; behind the last one, once all are. */
  readonly prefix: number;
  /** The last key that was listed below it. Absent: none. */
  readonly after?: string;
  /** Digest of the objects so far, each chained to the one before. Empty: there was none. */
  readonly digest: string;
  /** LastModified of the newest object so far, epoch ms. */
  readonly newest: number;
  /** Objects so far. */
  readonly objects: number;
  /** Bytes of the objects so far. */
  readonly size: number;
  /** URIs of the prefixes below which no object was found so far. */
  readonly missing: readonly string[];
}

/** The prefixes among the sources, in the order in which they are listed. */
export function listedPrefixes(sources: readonly SourceSpec[]): PrefixSource[] {
  const prefixes = sources.filter((source) => 'prefix' in source);
  return prefixes.toSorted((one, other) => Buffer.compare(Buffer.from(uriOf(one)), Buffer.from(uriOf(other))));
}

/** A listing of which nothing was listed yet. */
export function beginListing(sources: readonly SourceSpec[]): ListingProgress {
  return { prefix: 0, digest: '', newest: 0, objects: 0, size: 0, missing: listedPrefixes(sources).map(uriOf) };
}

/** Adds a page of the current prefix, whose keys are in UTF-8 order. `isLast`: no other page follows. */
export function addPage(
  progress: ListingProgress,
  sources: readonly SourceSpec[],
  { objects, isLast }: { readonly objects: readonly SourceObject[]; readonly isLast: boolean },
): ListingProgress {
  const prefixes = listedPrefixes(sources);
  const prefix = prefixes[progress.prefix];
  if (!prefix) return progress;
  const matching = objects.filter((object) => names(prefix, object));
  // What a source names by its key, and what was listed below another prefix, counts there.
  const others = [...sources.filter((source) => 'key' in source), ...prefixes.slice(0, progress.prefix)];
  const counted = matching.filter((object) => !others.some((source) => names(source, object)));
  const uri = uriOf(prefix);
  return {
    ...(isLast
      ? { prefix: progress.prefix + 1 }
      : { prefix: progress.prefix, after: objects.at(-1)?.key ?? progress.after }),
    digest: counted.reduce((before, object) => chain(before, object), progress.digest),
    newest: counted.reduce((newest, { lastModified }) => Math.max(newest, lastModified), progress.newest),
    objects: progress.objects + counted.length,
    size: progress.size + counted.reduce((sum, { size }) => sum + size, 0),
    missing: matching.length > 0 ? progress.missing.filter((each) => each !== uri) : progress.missing,
  };
}

/** Each object is hashed with all before it, so the digest depends on no page's size and fits into the state. */
function chain(before: string, object: SourceObject): string {
  return createHash('sha256').update(before).update(digestLine(object)).digest('hex');
}

function names(source: SourceSpec, { bucket, key }: SourceObject): boolean {
  if (source.bucket !== bucket) return false;
  if ('key' in source) return source.key === key;
  return key.startsWith(source.prefix) && key.endsWith(source.suffix ?? '');
}
