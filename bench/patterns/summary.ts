import { type Delay, delay, mean } from '../support/statistics.ts';
import type { PatternResult } from './pattern-run.ts';

/** Of all seeds of one pattern with one approach. Counts are means per seed. */
export interface ApproachSummary {
  /** Share of the seeds in which the newest upload was never served. */
  readonly lost: number;
  readonly swaps: number;
  readonly invocations: number;
  readonly coldStarts: number;
  readonly calls: number;
  readonly seconds: number;
  readonly sqsRequests: number;
  readonly s3Writes: number;
  readonly s3Reads: number;
  readonly busEvents: number;
  /** Absent where the endpoint was never free. Negative: it did not wait. */
  readonly settledToUpdate?: Delay;
  /** Absent where no newest upload was ever served. */
  readonly overhead?: Delay;
}

/** The approaches that are compared. */
export type Approach = 'freshpoint' | 'sleeping' | 'plain';

/** One pattern, all approaches. */
export interface PatternRow extends Readonly<Record<Approach, ApproachSummary>> {
  readonly pattern: string;
  /** Runs, each with its own seed. */
  readonly seeds: number;
}

export function summarize(results: readonly PatternResult[]): ApproachSummary {
  const per = (count: (result: PatternResult) => number) => mean(results.map(count));
  const settled = results.flatMap(({ settledToUpdate }) => settledToUpdate ?? []);
  const overheads = results.flatMap(({ overhead }) => overhead ?? []);
  return {
    lost: per(({ served }) => (served ? 0 : 1)),
    swaps: per(({ swaps }) => swaps),
    invocations: per(({ invocations }) => invocations),
    coldStarts: per(({ coldStarts }) => coldStarts),
    calls: per(({ calls }) => calls),
    seconds: per(({ seconds }) => seconds),
    sqsRequests: per(({ sqsRequests }) => sqsRequests),
    s3Writes: per(({ s3Writes }) => s3Writes),
    s3Reads: per(({ s3Reads }) => s3Reads),
    busEvents: per(({ busEvents }) => busEvents),
    ...(settled.length > 0 && { settledToUpdate: delay(settled) }),
    ...(overheads.length > 0 && { overhead: delay(overheads) }),
  };
}
