/** A pattern in which `*` (any characters) and `?` (one character) are told from their literal namesakes. */
export type Glob = readonly GlobToken[];

type GlobToken = string | typeof any | typeof one;

const any = 0;
const one = 1;

/** Reads `text` with `*` and `?` as wildcards. */
export function glob(text: string): Glob {
  return [...text].map((char) => (char === '*' ? any : char === '?' ? one : char));
}

/** A pattern that matches `text` alone, whatever characters it has. */
export function literal(text: string): Glob {
  return [...text];
}

/** Whether all of `text` fits. Time is bounded by pattern × text: no backtracking beyond the last `*`. */
export function globMatches(pattern: Glob, text: string): boolean {
  const chars = [...text];
  let p = 0;
  let t = 0;
  let starAt = -1;
  let resumeAt = 0;
  while (t < chars.length) {
    const token = pattern[p];
    if (token === any) {
      starAt = p++;
      resumeAt = t;
    } else if (token === one || (token !== undefined && token === chars[t])) {
      p++;
      t++;
    } else if (starAt >= 0) {
      p = starAt + 1;
      t = ++resumeAt;
    } else {
      return false;
    }
  }
  while (pattern[p] === any) p++;
  return p === pattern.length;
}
