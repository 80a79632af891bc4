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
