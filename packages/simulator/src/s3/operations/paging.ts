import { invalidArgument } from '../errors.ts';
import type { SortedMap } from '../sorted-map.ts';
import { compareUtf8 } from '../utf8-order.ts';

/** Entries that a listing returns at most, and by default. */
const MAX_LISTED = 1000;

/** Where a listing starts and which keys it groups; empty strings stand for absent. */
export interface Listing {
  readonly prefix: string;
  readonly delimiter: string;
  /** Lists only what sorts after this; after a common prefix, no key with that prefix. */
  readonly after: string;
  /** Whether the listing begins at the key `after` itself, or after it. @default 'after' */
  readonly from?: 'at' | 'after';
}

/** A key with its value, or the common prefix of a group of keys. */
export type ListedEntry<V> = { readonly key: string; readonly value: V } | { readonly commonPrefix: string };

/**
 * Walks a sorted map as S3 lists: keys under `prefix` in UTF-8 order, those that agree up to the next `delimiter`
 * grouped under their common prefix. A group is skipped in O(log n). `pick` maps a key's value; undefined hides it.
 */
export function* walk<V, P>(
  map: SortedMap<V>,
  listing: Listing,
  pick: (value: V) => P | undefined,
): Generator<ListedEntry<P>> {
  const { prefix, delimiter } = listing;
  let index = firstIndex(map, listing);
  for (let key = map.keyAt(index); key?.startsWith(prefix); key = map.keyAt(index)) {
    const stored = map.get(key);
    const shown = stored === undefined ? undefined : pick(stored);
    const commonPrefix = shown === undefined ? undefined : commonPrefixOf(key, prefix, delimiter);
    if (commonPrefix !== undefined) {
      index = map.indexAfterPrefix(commonPrefix);
      // If `after` is a key inside the group, S3 lists the group's prefix once more for the keys that remain.
      yield { commonPrefix };
    } else {
      index += 1;
      if (shown !== undefined) yield { key, value: shown };
    }
  }
}

function firstIndex<V>(map: SortedMap<V>, { prefix, delimiter, after, from }: Listing): number {
  const start = map.indexFrom(prefix);
  if (after === '') return start;
  if (commonPrefixOf(after, prefix, delimiter) === after) return Math.max(start, map.indexAfterPrefix(after));
  return Math.max(start, from === 'at' ? map.indexFrom(after) : map.indexAfter(after));
}

function commonPrefixOf(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '' || !key.startsWith(prefix)) return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

/**
 * The single values of entries that hold several each, in order. Of the key at the marker it yields only the values
 * after the marked one.
 */
export function* flatten<V>(
  entries: Iterable<ListedEntry<readonly V[]>>,
  marker: { readonly key: string; readonly isMarked: (value: V) => boolean } | undefined,
): Generator<ListedEntry<V>> {
  for (const entry of entries) {
    if (!('value' in entry)) {
      yield entry;
      continue;
    }
    const from = entry.key === marker?.key ? entry.value.findIndex(marker.isMarked) + 1 : 0;
    for (const value of entry.value.slice(from)) yield { key: entry.key, value };
  }
}

/** The values of the listed keys, without the common prefixes. */
export const valuesOf = <V>(entries: readonly ListedEntry<V>[]): V[] =>
  entries.flatMap((entry) => ('value' in entry ? [entry.value] : []));

/** The common prefixes, as members of a response. */
export const prefixesOf = (entries: readonly ListedEntry<unknown>[], encode: (key: string) => string) =>
  entries.flatMap((entry) => ('commonPrefix' in entry ? [{ Prefix: encode(entry.commonPrefix) }] : []));

/** The key or common prefix of an entry. */
export const nameOf = (entry: ListedEntry<unknown>): string =>
  'commonPrefix' in entry ? entry.commonPrefix : entry.key;

/** A limit such as `max-keys`: 1000 at most and by default. Throws InvalidArgument. */
export function limitOf(name: string, value: number | undefined): number {
  if (value === undefined) return MAX_LISTED;
  if (!Number.isInteger(value) || value < 0 || value > 0x7fffffff) {
    throw invalidArgument(`Argument ${name} must be an integer between 0 and 2147483647`, name, String(value));
  }
  return Math.min(value, MAX_LISTED);
}

/** Encodes keys as `encoding-type` requires. Throws InvalidArgument. */
export function keyEncoder(encodingType: string | undefined): (key: string) => string {
  if (encodingType === undefined) return (key) => key;
  if (encodingType !== 'url') {
    throw invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type', encodingType);
  }
  return (key) =>
    encodeURIComponent(key)
      .replaceAll('%2F', '/')
      .replace(/[!'()]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The one that sorts later in UTF-8 order. */
export const laterOf = (a: string, b: string): string => (compareUtf8(a, b) < 0 ? b : a);
