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
