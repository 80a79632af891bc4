/** The source of ids: random on a laptop, seeded in the simulation. */
export interface Ids {
  uuid(): string;
  /** `length` lower-case hex digits. */
  hex(length: number): string;
}

/** Ids that depend on nothing but `seed`. */
export function seededIds(seed: number): Ids {
  let state = seed >>> 0;
  const next = () => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0).toString(16).padStart(8, '0');
  };
  const hex = (length: number) => {
    let out = '';
    while (out.length < length) out += next();
    return out.slice(0, length);
  };
  return {
    hex,
    uuid: () => hex(32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
  };
}
