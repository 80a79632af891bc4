/** Compares keys by their UTF-8 bytes, as S3 does. JavaScript sorts surrogates before U+E000, UTF-8 after U+FFFF. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const x = a.charCodeAt(at);
    const y = b.charCodeAt(at);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

const rank = (unit: number) => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);

/** The index of the first of the sorted keys that `matches`; those before it don't. Takes O(log n). */
export function firstIndex(keys: readonly string[], matches: (key: string) => boolean): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (matches(keys[middle] ?? '')) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The index of the first key that is not before `key`. */
export const indexFrom = (keys: readonly string[], key: string): number =>
  firstIndex(keys, (candidate) => compareUtf8(candidate, key) >= 0);
