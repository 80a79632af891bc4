/** A pattern whose wildcards `*` (any characters) and `?` (one character) differ from literal `*` and `?`. */
export type Glob = readonly GlobToken[];

type GlobToken = string | typeof ANY_CHARACTERS | typeof ONE_CHARACTER;

const ANY_CHARACTERS = 0;
const ONE_CHARACTER = 1;

/** Reads `text` with `*` and `?` as wildcards. */
export function glob(text: string): Glob {
  return [...text].map((char) => (char === '*' ? ANY_CHARACTERS : char === '?' ? ONE_CHARACTER : char));
}

/** A pattern that matches exactly `text`. */
export function literal(text: string): Glob {
  return [...text];
}

/** Whether the pattern matches all of `text`, in time pattern × text: it backtracks to the last `*` only. */
export function globMatches(pattern: Glob, text: string): boolean {
  const chars = [...text];
  let p = 0;
  let t = 0;
  let starAt = -1;
  let resumeAt = 0;
  while (t < chars.length) {
    const token = pattern[p];
    if (token === ANY_CHARACTERS) {
      starAt = p++;
      resumeAt = t;
    } else if (token === ONE_CHARACTER || (token !== undefined && token === chars[t])) {
      p++;
      t++;
    } else if (starAt >= 0) {
      p = starAt + 1;
      t = ++resumeAt;
    } else {
      return false;
    }
  }
  while (pattern[p] === ANY_CHARACTERS) p++;
  return p === pattern.length;
}
