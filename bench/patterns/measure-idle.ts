import { runScript } from '../support/child.ts';

/** An idle endpoint's sweep: means of several. */
export interface IdleFigures {
  readonly sweeps: number;
  /** AWS calls that the function made. */
  readonly calls: number;
  /** Seconds of the invocation: calls on their way. */
  readonly seconds: number;
  readonly sqsRequests: number;
  readonly s3Writes: number;
  readonly s3Reads: number;
  /** Metrics of which the sweeps published data. */
  readonly metrics: number;
}

export function measureIdle(): Promise<IdleFigures> {
  return runScript(new URL('./idle-process.ts', import.meta.url), []);
}
