import { page } from '../../core/page.ts';
import { invalidArgument } from '../errors.ts';
import type { SortedMap } from '../sorted-map.ts';

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

/** Where a listing of several values per key goes on: after the key, or within it, after the value with the id. */
export interface Marker {
  readonly key: string | undefined;
  readonly id: string | undefined;
}

/** Walks a map that has several values per key, each with an id: the versions of objects, and uploads. */
export function* walkEach<V>(
  map: SortedMap<V[]>,
  { Prefix = '', Delimiter = '' }: ListInput,
  { key: after = '', id }: Marker,
  idOf: (value: V) => string,
): Generator<ListedEntry<V>> {
  const listing: Listing = { prefix: Prefix, delimiter: Delimiter, after, from: id ? 'at' : 'after' };
  for (const entry of walk(map, listing, (values) => values)) {
    if ('value' in entry) {
      const from = id && entry.key === after ? entry.value.findIndex((value) => idOf(value) === id) + 1 : 0;
      for (const value of entry.value.slice(from)) yield { key: entry.key, value };
    } else {
      yield entry;
    }
  }
}

/** The members that the inputs of listings have in common. */
export interface ListInput {
  readonly Prefix?: string | undefined;
  readonly Delimiter?: string | undefined;
  readonly EncodingType?: string | undefined;
}

/** A page of a listing: its values, its last entry unless nothing follows, and what each response says of it. */
export function pageOfKeys<V>(entries: Iterable<ListedEntry<V>>, input: ListInput, limit: number) {
  const encode = keyEncoder(input.EncodingType);
  const { items, next } = page(entries, limit);
  const last = next === undefined ? undefined : items.at(-1);
  return {
    encode,
    values: items.flatMap((entry) => ('value' in entry ? [entry.value] : [])),
    last: last && {
      name: 'value' in last ? last.key : last.commonPrefix,
      ...('value' in last && { value: last.value }),
    },
    members: {
      Prefix: encode(input.Prefix ?? ''),
      Delimiter: input.Delimiter ? encode(input.Delimiter) : undefined,
      EncodingType: input.EncodingType,
      IsTruncated: next !== undefined,
      CommonPrefixes: items.flatMap((entry) => ('value' in entry ? [] : [{ Prefix: encode(entry.commonPrefix) }])),
    },
  };
}

/** A limit such as `max-keys`: 1000 at most and by default. Throws InvalidArgument. */
export function limitOf(name: string, value: number | undefined): number {
  if (value === undefined) return MAX_LISTED;
  if (Number.isInteger(value) && value >= 0 && value <= 0x7fffffff) return Math.min(value, MAX_LISTED);
  throw invalidArgument(`Argument ${name} must be an integer between 0 and 2147483647`, name, String(value));
}

/** Encodes keys as `encoding-type` requires. Throws InvalidArgument. */
function keyEncoder(encodingType: string | undefined): (key: string) => string {
  if (encodingType === undefined) return (key) => key;
  if (encodingType !== 'url') {
    throw invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type', encodingType);
  }
  return (key) =>
    encodeURIComponent(key)
      .replaceAll('%2F', '/')
      .replace(/[!'()]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
