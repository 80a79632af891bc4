import { invalidArgument } from '../errors.ts';
import type { SortedMap } from '../sorted-map.ts';
import { compareUtf8 } from '../utf8-order.ts';

/** Where a listing starts and what it rolls up; empty strings stand for absent. */
export interface Paging {
  readonly prefix: string;
  readonly delimiter: string;
  /** Only what sorts after this; when it is itself a common prefix, nothing that it stands for. */
  readonly after: string;
  /** With `after`: also the rest of that very key. */
  readonly inclusive?: boolean;
}

/** A key with what it shows, or a stretch of keys rolled into one. */
export type Entry<V> = { readonly key: string; readonly value: V } | { readonly commonPrefix: string };

/**
 * Walks a sorted map as S3 lists: keys under `prefix` in UTF-8 order, those that share a stretch up to `delimiter` rolled
 * into one. A rolled-up stretch is skipped in O(log n). `pick` says what a key shows; undefined hides it.
 */
export function* walk<V, P>(map: SortedMap<V>, paging: Paging, pick: (value: V) => P | undefined): Generator<Entry<P>> {
  const { prefix, delimiter, after, inclusive } = paging;
  const rolled = commonPrefixOf(after, prefix, delimiter);
  let index = map.indexFrom(prefix);
  if (after !== '') {
    const next =
      rolled === after ? map.indexAfterPrefix(after) : inclusive ? map.indexFrom(after) : map.indexAfter(after);
    index = Math.max(index, next);
  }
  for (let key = map.keyAt(index); key?.startsWith(prefix); key = map.keyAt(index)) {
    const shown = pick(map.get(key)!);
    const commonPrefix = shown === undefined ? undefined : commonPrefixOf(key, prefix, delimiter);
    if (commonPrefix !== undefined) {
      index = map.indexAfterPrefix(commonPrefix);
      // Of a stretch that `after` lies in, the rest still counts under its prefix: S3 shows it once more.
      yield { commonPrefix };
    } else {
      index += 1;
      if (shown !== undefined) yield { key, value: shown };
    }
  }
}

function commonPrefixOf(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '' || !key.startsWith(prefix)) return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

/** A page of at most `limit` entries, and whether more follow. */
export function page<T>(entries: Iterable<T>, limit: number): { entries: T[]; truncated: boolean } {
  const taken: T[] = [];
  if (limit === 0) return { entries: taken, truncated: false };
  for (const entry of entries) {
    if (taken.length === limit) return { entries: taken, truncated: true };
    taken.push(entry);
  }
  return { entries: taken, truncated: false };
}

/** A limit such as `max-keys`: 1000 at most and by default. Throws InvalidArgument. */
export function limitOf(name: string, value: number | undefined): number {
  if (value === undefined) return 1000;
  if (!Number.isInteger(value) || value < 0 || value > 0x7fffffff) {
    throw invalidArgument(`Argument ${name} must be an integer between 0 and 2147483647`, name, String(value));
  }
  return Math.min(value, 1000);
}

/** How keys are shown under `encoding-type`. Throws InvalidArgument. */
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
