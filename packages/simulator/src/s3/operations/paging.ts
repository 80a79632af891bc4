import { page } from '../../core/page.ts';
import { invalidArgument } from '../errors.ts';
import { compareUtf8, firstIndex, indexFrom } from '../sorted-keys.ts';

/** Entries that a listing returns at most, and by default. */
const MAX_LISTED = 1000;

/** Where a listing starts and which keys it groups; empty strings stand for absent. */
interface Listing {
  readonly prefix: string;
  readonly delimiter: string;
  /** Lists only what sorts after this; after a common prefix, no key with that prefix. */
  readonly after: string;
  /** Whether the listing begins at the key `after` itself, or after it. @default 'after' */
  readonly from?: 'at' | 'after';
}

/** A key with its value, or the common prefix of a group of keys. */
type ListedEntry<V> = { readonly key: string; readonly value: V } | { readonly commonPrefix: string };

/**
 * Walks sorted keys as S3 lists: those under `prefix`, in UTF-8 order, and those that agree up to the next `delimiter`
 * grouped under their common prefix. A group is skipped in O(log n). `pick` finds a key's value; undefined hides it.
 */
export function* walk<V>(
  keys: readonly string[],
  { prefix, delimiter, after, from }: Listing,
  pick: (key: string) => V | undefined,
): Generator<ListedEntry<V>> {
  const indexBehind = (group: string) =>
    firstIndex(keys, (key) => compareUtf8(key, group) > 0 && !key.startsWith(group));
  let index = indexFrom(keys, prefix);
  if (after !== '') {
    const isGroup = commonPrefixOf(after, prefix, delimiter) === after;
    const behind = isGroup ? indexBehind(after) : firstIndex(keys, (key) => compareUtf8(key, after) > 0);
    index = Math.max(index, from === 'at' && !isGroup ? indexFrom(keys, after) : behind);
  }
  for (let key = keys[index]; key?.startsWith(prefix); key = keys[index]) {
    const value = pick(key);
    const commonPrefix = value === undefined ? undefined : commonPrefixOf(key, prefix, delimiter);
    // If `after` is a key inside the group, S3 lists the group's prefix once more for the keys that remain.
    if (commonPrefix !== undefined) yield { commonPrefix };
    else if (value !== undefined) yield { key, value };
    index = commonPrefix === undefined ? index + 1 : indexBehind(commonPrefix);
  }
}

function commonPrefixOf(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '' || !key.startsWith(prefix)) return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

/** What is listed: sorted keys, each with values that have ids: versions of objects, or uploads. */
interface Listed<V> {
  readonly keys: readonly string[];
  readonly valuesOf: (key: string) => readonly V[];
  readonly idOf: (value: V) => string;
}

/** The members that the inputs of listings have in common. */
interface ListInput {
  readonly Prefix?: string | undefined;
  readonly Delimiter?: string | undefined;
  readonly EncodingType?: string | undefined;
}

/** Where a page starts: after a key, or within its values, after that with the id. Empty strings stand for absent. */
interface PageStart {
  readonly after: string;
  readonly id?: string;
  readonly limit: number;
}

/** A page of a listing: its values, its last entry unless nothing follows, and what each response says of it. */
export function pageOfKeys<V>(listed: Listed<V>, input: ListInput, { after, id = '', limit }: PageStart) {
  const { Prefix = '', Delimiter = '', EncodingType } = input;
  const encode = keyEncoder(EncodingType);
  const listing: Listing = { prefix: Prefix, delimiter: Delimiter, after, from: id === '' ? 'after' : 'at' };
  const { items, next } = page(entriesOf(listed, listing, id), limit);
  const last = next === undefined ? undefined : items.at(-1);
  return {
    encode,
    values: items.flatMap((entry) => ('value' in entry ? [entry.value] : [])),
    next: last && {
      key: 'value' in last ? last.key : last.commonPrefix,
      id: 'value' in last ? listed.idOf(last.value) : undefined,
    },
    members: {
      Prefix: encode(Prefix),
      Delimiter: Delimiter === '' ? undefined : encode(Delimiter),
      EncodingType,
      IsTruncated: next !== undefined,
      CommonPrefixes: items.flatMap((entry) => ('value' in entry ? [] : [{ Prefix: encode(entry.commonPrefix) }])),
    },
  };
}

/** Each value of the keys that are listed; of the key where the listing starts only those after that with the id. */
function* entriesOf<V>({ keys, valuesOf, idOf }: Listed<V>, listing: Listing, id: string): Generator<ListedEntry<V>> {
  const pick = (key: string) => {
    const values = valuesOf(key);
    return values.length > 0 ? values : undefined;
  };
  for (const entry of walk(keys, listing, pick)) {
    if ('value' in entry) {
      const isStart = id !== '' && entry.key === listing.after;
      const from = isStart ? entry.value.findIndex((value) => idOf(value) === id) + 1 : 0;
      for (const value of entry.value.slice(from)) yield { key: entry.key, value };
    } else {
      yield entry;
    }
  }
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
