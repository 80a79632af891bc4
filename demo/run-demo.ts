import { ExpectationError } from './conditions.ts';
import type { DemoSteps, StepsOptions } from './demo-steps.ts';
import { emptyFigures, type Figures, type ServiceFigures, Steps } from './steps.ts';
import type { DemoOutcome, SummaryTable } from './timeline/events.ts';
import { percent } from './timeline/lines.ts';
import type { Timeline } from './timeline/timeline.ts';

/** The demo's result: its last line in JSON. Figures of steps that were not reached are null. */
export interface DemoResult extends DemoOutcome {
  readonly ok: boolean;
  /** Swaps that succeeded. */
  readonly swaps: number;
  readonly failedInvocations: number;
  readonly invocations: number;
  /** On the held-out rows, from 0 to 1, as are the next two. */
  readonly accuracyBefore: number | null;
  readonly accuracyAfter: number | null;
  readonly accuracyAfterRollback: number | null;
  readonly seconds: number;
}

/**
 * Runs and shows all steps. Returns the exit code: 0 only if every check passed. When `interrupted` aborts, it stops
 * everything that it started and rejects with the signal's reason.
 */
export function runDemo(options: StepsOptions, interrupted: AbortSignal): Promise<number> {
  const { timeline } = options;
  const figures = emptyFigures();
  return runSteps(new Steps(options, figures), timeline, interrupted, () => ({
    result: resultOf(figures, timeline),
    table: tableOf(figures),
  }));
}

/** Runs the steps of a demo as `runDemo` does; `ending` is shown at the end. */
export async function runSteps(
  steps: DemoSteps,
  timeline: Timeline,
  interrupted: AbortSignal,
  ending: () => { readonly result: DemoOutcome; readonly table: SummaryTable },
): Promise<number> {
  const interruption = new Promise<never>((_, reject) => {
    interrupted.addEventListener('abort', () => reject(interrupted.reason), { once: true });
  });
  try {
    await Promise.race([steps.run(), interruption]);
    await steps.stay(interrupted);
  } catch (error) {
    if (interrupted.aborted) {
      timeline.close();
      throw error;
    }
    if (error instanceof ExpectationError) {
      timeline.check({ expected: error.expected, holds: false, got: error.got });
    } else {
      timeline.error(error);
    }
  } finally {
    await steps.stop();
  }
  const { result, table } = ending();
  return timeline.finish(result, table);
}

/** Seconds since the timeline began, to one decimal. */
export function secondsOf(timeline: Timeline): number {
  return Math.round(timeline.seconds() * 10) / 10;
}

function resultOf({ before, after, rollback, ...counts }: Figures, timeline: Timeline): DemoResult {
  return {
    ok: timeline.ok,
    swaps: counts.swaps,
    failedInvocations: counts.failedInvocations,
    invocations: counts.invocations,
    accuracyBefore: before.accuracy ?? null,
    accuracyAfter: after.accuracy ?? null,
    accuracyAfterRollback: rollback.accuracy ?? null,
    seconds: secondsOf(timeline),
  };
}

function tableOf({ before, after, rollback, swaps, failedInvocations, invocations }: Figures): SummaryTable {
  const row = (name: string, { revision, slot, accuracy }: ServiceFigures) => [
    name,
    revision ?? '–',
    slot ?? '–',
    accuracy === undefined ? '–' : percent(accuracy),
  ];
  return {
    head: ['', 'revision', 'slot', 'accuracy', 'swaps', 'failed invocations'],
    rows: [
      [...row('before', before), '', ''],
      [...row('after the refresh', after), '', ''],
      [...row('after the rollback', rollback), String(swaps), `${failedInvocations} of ${invocations}`],
    ],
  };
}
