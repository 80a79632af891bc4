import { runInNewContext } from 'node:vm';

/** A pattern can take time that is exponential in the text's length, during which nothing else would run. */
const MATCH_TIMEOUT_MS = 1000;

/** Whether a caller's pattern matches a part of the text. Throws for one that is malformed, or takes too long. */
export function matchesPattern(pattern: string, text: string): boolean {
  return runInNewContext('new RegExp(pattern).test(text)', { pattern, text }, { timeout: MATCH_TIMEOUT_MS });
}
