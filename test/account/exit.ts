import type { RunEnd } from './run.ts';
import type { RunNames } from './run-names.ts';

export const EXIT_CODES = { success: 0, failed: 1, usage: 2, refused: 3, left: 4, interrupted: 130 } as const;

type Counted = Pick<RunEnd, 'checks' | 'outcomes' | 'error' | 'left'>;

/** The exit code of a run. What could not be deleted comes first: it costs money. */
export function exitCodeOf({ checks, outcomes, error, left }: Counted, interrupted: AbortSignal): number {
  if (left.length > 0) return EXIT_CODES.left;
  if (interrupted.aborted) return EXIT_CODES.interrupted;
  const failed = [...outcomes.values()].some(({ kind }) => kind === 'failed' || kind === 'not reached');
  return error || failed || checks.some(({ passed }) => !passed) ? EXIT_CODES.failed : EXIT_CODES.success;
}

/** Lines about what a run found. */
export function summaryOf({ checks, outcomes, error }: Counted): string[] {
  const passed = checks.filter((check) => check.passed).length;
  const count = (kind: string) => [...outcomes.values()].filter((outcome) => outcome.kind === kind).length;
  const kinds = ['answer', 'not simulated', 'not asked', 'not reached', 'failed'];
  const counts = kinds
    .filter((kind) => count(kind) > 0)
    .map((kind) => `${count(kind)} ${kind === 'answer' ? 'answered' : kind}`);
  return [
    '',
    `The path: ${passed} of ${checks.length} checks passed${error ? `, then: ${error.message}` : ''}`,
    `The probes: ${counts.join(', ')}`,
  ];
}

/** Deletes what a run has left. */
export const deleteCommand = ({ suffix }: RunNames) => `npm run e2e -- --account --delete ${suffix}`;

/** Lines about what could not be deleted. */
export function leftLines(left: readonly string[], names: RunNames): string[] {
  if (left.length === 0) return ['Everything that was made is deleted.'];
  const lines = left.map((line) => `Not deleted: ${line}`);
  return [...lines, `This may cost money. Try again: ${deleteCommand(names)}`];
}
