/** The value of a key that the map is known to have. Throws otherwise. */
export function entryOf<K, V>(map: ReadonlyMap<K, V>, key: K): V {
  const value = map.get(key);
  if (value === undefined) throw new Error(`There is no entry ${String(key)}.`);
  return value;
}
