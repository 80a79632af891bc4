/**
 * `value` with `from` replaced by `to` in every text at any depth, also in the values of maps. Objects and maps are
 * changed in place, so that two references to one object stay that.
 */
export function replaceTexts(value: unknown, from: string, to: string): unknown {
  if (from === to) return value;
  const seen = new Set<object>();
  const visit = (item: unknown): unknown => {
    if (typeof item === 'string') return item.replaceAll(from, to);
    if (typeof item !== 'object' || item === null || ArrayBuffer.isView(item) || seen.has(item)) return item;
    seen.add(item);
    if (item instanceof Map) for (const [key, inner] of item) item.set(key, visit(inner));
    // A set is rebuilt, as its values cannot be replaced.
    else if (item instanceof Set) {
      const values = [...item].map(visit);
      item.clear();
      for (const inner of values) item.add(inner);
    } else {
      const record = item as Record<string, unknown>;
      for (const key of Object.keys(record)) record[key] = visit(record[key]);
    }
    return item;
  };
  return visit(value);
}
