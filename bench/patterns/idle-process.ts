/*
 * Runs an endpoint to which nothing is uploaded, in virtual time. Prints one line of JSON: IdleFigures.
 */
import type { IdleFigures } from './measure-idle.ts';
import { PatternRun } from './pattern-run.ts';
import { synthesizeEndpoint } from './stack.ts';

/** The construct's default, in hours. */
const SWEEP_HOURS = 1;

const layout = synthesizeEndpoint(1, 'default', SWEEP_HOURS);
const run = await new PatternRun(1, layout, { name: 'idle', files: 1, seeds: 1, plan: () => [] }).run();
const sweeps = run.invocations;
const figures: IdleFigures = {
  sweeps,
  calls: run.calls / sweeps,
  seconds: run.seconds / sweeps,
  sqsRequests: run.sqsRequests / sweeps,
  s3Writes: run.s3Writes / sweeps,
  s3Reads: run.s3Reads / sweeps,
  metrics: run.metrics,
};
console.log(JSON.stringify(figures));
