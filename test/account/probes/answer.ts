/**
 * What an account says about a line: the line `holds`, or it `differs`; `answered` if the line is a question; `open` if
 * what was got answers neither.
 */
export type Verdict = 'holds' | 'differs' | 'answered' | 'open';

export interface Answer {
  readonly verdict: Verdict;
  /** In one sentence. */
  readonly answer: string;
  /** What was got, a line each. */
  readonly evidence: readonly string[];
}
