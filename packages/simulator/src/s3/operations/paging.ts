import { page } from '../../core/page.ts';
import { invalidArgument, S3Error } from '../errors.ts';
import { compareUtf8, firstIndex, indexFrom } from '../sorted-keys.ts';

/** Entries that a listing returns at most, and by default. */
const MAX_LISTED = 1000;

/** What is listed: sorted keys, each with values that have ids: versions of objects, or uploads. */
interface Listed<V> {
  readonly keys: readonly string[];
  /** None hides the key. */
  readonly valuesOf: (key: string) => readonly V[];
  readonly idOf: (value: V) => string;
}

/** Where a listing starts and which keys it groups; empty strings stand for absent. */
interface Listing {
  readonly prefix: string;
  readonly delimiter: string;
  /** Lists only what sorts after this, and not the group that it is in. */
  readonly after: string;
  /** Of the key `after`, lists the values after that with this id. */
  readonly id?: string;
}

/** A value of a key, or the common prefix of a group of keys. */
type ListedEntry<V> = { readonly key: string; readonly value: V } | { readonly commonPrefix: string };

/**
 * Walks sorted keys as S3 lists: those under `prefix`, in UTF-8 order, and those that agree up to the next `delimiter`
 * grouped under their common prefix. A group is skipped in O(log n).
 */
export function* walk<V>(
  { keys, valuesOf, idOf }: Listed<V>,
  { prefix, delimiter, after, id = '' }: Listing,
): Generator<ListedEntry<V>> {
  const indexBehind = (group: string) =>
    firstIndex(keys, (key) => compareUtf8(key, group) > 0 && !key.startsWith(group));
  let index = indexFrom(keys, prefix);
  if (after !== '') {
    const group = commonPrefixOf(after, prefix, delimiter);
    const behind = firstIndex(keys, (key) => compareUtf8(key, after) > 0);
    index = Math.max(index, group !== undefined ? indexBehind(group) : id !== '' ? indexFrom(keys, after) : behind);
  }
  for (let key = keys[index]; key?.startsWith(prefix); key = keys[index]) {
    const values = valuesOf(key);
    const commonPrefix = values.length === 0 ? undefined : commonPrefixOf(key, prefix, delimiter);
    if (commonPrefix === undefined) {
      const from = key === after ? values.findIndex((value) => idOf(value) === id) + 1 : 0;
      for (const value of values.slice(from)) yield { key, value };
      index += 1;
    } else {
      yield { commonPrefix };
      index = indexBehind(commonPrefix);
    }
  }
}

function commonPrefixOf(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '' || !key.startsWith(prefix)) return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
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
export function pageOfKeys<V>(listed: Listed<V>, input: ListInput, { after, id, limit }: PageStart) {
  const { Prefix = '', Delimiter = '', EncodingType } = input;
  const encode = keyEncoder(EncodingType);
  const { items, isLast } = page(walk(listed, { prefix: Prefix, delimiter: Delimiter, after, id }), limit);
  const last = isLast ? undefined : items.at(-1);
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
      IsTruncated: !isLast,
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

/** The token of a page that starts behind `name`. */
export const toToken = (name: string) => Buffer.from(`1${name}`).toString('base64');

/** The name in a token. Throws InvalidArgument. */
export function fromToken(token: string): string {
  const raw = Buffer.from(token, 'base64');
  const text = raw.toString();
  if (text.startsWith('1') && raw.toString('base64') === token) return text.slice(1);
  const about = { ArgumentName: 'continuation-token' };
  throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect', 400, about);
}
