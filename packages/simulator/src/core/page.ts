/** One page of a list. */
export interface Page<T> {
  readonly items: T[];
  /** Position of the next page's first item; absent on the last page. */
  readonly next?: number;
}

/**
 * Cuts the page of at most `size` items that starts at position `start`, reading no further than one item beyond it.
 * A page of size 0 is empty and the last one.
 */
export function page<T>(all: Iterable<T>, size: number, start = 0): Page<T> {
  const items: T[] = [];
  if (size === 0) return { items };
  let position = 0;
  for (const item of all) {
    if (items.length === size) return { items, next: position };
    if (position >= start) items.push(item);
    position += 1;
  }
  return { items };
}

/** What a request asks of a list. */
export interface PageRequest {
  /** @default `max` */
  readonly size: number | undefined;
  readonly max: number;
  readonly token: string | undefined;
}

/** The page that a request asks for. A token is a position. Throws the error of `invalid`. */
export function requestedPage<T>(
  all: Iterable<T>,
  { size, max, token }: PageRequest,
  invalid: () => Error,
): { readonly items: T[]; readonly token: string | undefined } {
  const start = Number(token ?? 0);
  if (!Number.isSafeInteger(start) || start < 0 || (size !== undefined && !(size >= 1 && size <= max))) {
    throw invalid();
  }
  const { items, next } = page(all, size ?? max, start);
  return { items, token: next === undefined ? undefined : String(next) };
}

/**
 * The page that a request asks for of a list in the order of its keys. A token has the last key, so that a page starts
 * at the right item also when others are added or deleted meanwhile. Throws the error of `invalid`.
 */
export function pageByKey<T>(
  all: readonly T[],
  keyOf: (item: T) => string,
  { size, max, token }: PageRequest,
  invalid: () => Error,
): { readonly items: T[]; readonly token: string | undefined } {
  const text = token === undefined ? TOKEN_PREFIX : Buffer.from(token, 'base64').toString();
  if (!text.startsWith(TOKEN_PREFIX)) throw invalid();
  const last = text.slice(TOKEN_PREFIX.length);
  const { items, next } = page(
    all.filter((item) => keyOf(item) > last),
    size ?? max,
  );
  const lastKey = items.map(keyOf).at(-1);
  return { items, token: next === undefined ? undefined : Buffer.from(TOKEN_PREFIX + lastKey).toString('base64') };
}

const TOKEN_PREFIX = 'after ';
