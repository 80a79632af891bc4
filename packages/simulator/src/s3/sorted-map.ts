import { compareUtf8 } from './utf8-order.ts';

/** A map whose keys are also sorted in UTF-8 order, so that a listing can start at any key in O(log n). */
export class SortedMap<V> {
  readonly #values = new Map<string, V>();
  readonly #keys: string[] = [];

  get size(): number {
    return this.#keys.length;
  }

  /** In the order of the keys. */
  *entries(): Generator<[key: string, value: V]> {
    for (const key of this.#keys) {
      const value = this.#values.get(key);
      if (value !== undefined) yield [key, value];
    }
  }

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: V): void {
    if (!this.#values.has(key)) {
      const last = this.#keys.at(-1);
      if (last === undefined || compareUtf8(last, key) < 0) this.#keys.push(key);
      else this.#keys.splice(this.indexFrom(key), 0, key);
    }
    this.#values.set(key, value);
  }

  delete(key: string): void {
    if (this.#values.delete(key)) this.#keys.splice(this.indexFrom(key), 1);
  }

  keyAt(index: number): string | undefined {
    return this.#keys[index];
  }

  /** The index of the first key ≥ `key`. */
  indexFrom(key: string): number {
    return this.#search((candidate) => compareUtf8(candidate, key) >= 0);
  }

  /** The index of the first key > `key`. */
  indexAfter(key: string): number {
    return this.#search((candidate) => compareUtf8(candidate, key) > 0);
  }

  /** The index of the first key that is greater than every key that begins with `prefix`. */
  indexAfterPrefix(prefix: string): number {
    return this.#search((candidate) => compareUtf8(candidate, prefix) > 0 && !candidate.startsWith(prefix));
  }

  #search(matches: (key: string) => boolean): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (matches(this.#keys[middle] ?? '')) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
