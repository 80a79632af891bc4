/** One page of a list. */
interface Page<T> {
  readonly items: T[];
  readonly isLast: boolean;
}

/** Cuts the first page of at most `size` items, reading one item beyond it. One of size 0 is empty and the last one. */
export function page<T>(all: Iterable<T>, size: number): Page<T> {
  const items: T[] = [];
  if (size > 0) {
    for (const item of all) {
      if (items.length === size) return { items, isLast: false };
      items.push(item);
    }
  }
  return { items, isLast: true };
}

/** What a request asks of a list. */
export interface PageRequest<T> {
  /** @default `max` */
  readonly size: number | undefined;
  readonly max: number;
  readonly token: string | undefined;
  /**
   * By what the list is in order: a page then starts at the right item also when others are added or deleted meanwhile.
   * @default the position
   */
  readonly keyOf?: (item: T, position: number) => string;
}

/** The page that a request asks for: what comes after the key in the token. Throws the error of `invalid`. */
export function requestedPage<T>(
  all: Iterable<T>,
  { size, max, token, keyOf = (_item, position) => String(position).padStart(POSITION_DIGITS, '0') }: PageRequest<T>,
  invalid: () => Error,
): { readonly items: T[]; readonly token: string | undefined } {
  const text = token === undefined ? TOKEN_PREFIX : Buffer.from(token, 'base64').toString();
  if (!text.startsWith(TOKEN_PREFIX) || (size !== undefined && !(size >= 1 && size <= max))) throw invalid();
  const last = text.slice(TOKEN_PREFIX.length);
  const rest = Array.from(all, (item, position) => ({ item, key: keyOf(item, position) })).filter(
    ({ key }) => key > last,
  );
  const { items, isLast } = page(rest, size ?? max);
  return {
    items: items.map(({ item }) => item),
    token: isLast ? undefined : Buffer.from(`${TOKEN_PREFIX}${items.at(-1)?.key}`).toString('base64'),
  };
}

const TOKEN_PREFIX = 'after ';
const POSITION_DIGITS = 12;
