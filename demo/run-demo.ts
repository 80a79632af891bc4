import { WaitedInVain } from './conditions.ts';
import type { DemoSteps, StepsOptions } from './demo-steps.ts';
import { emptyFigures, type Figures, type Service, Steps } from './steps.ts';
import type { Result, Table } from './timeline/events.ts';
import { percent } from './timeline/lines.ts';
import type { Timeline } from './timeline/timeline.ts';

/** The demo's result: its last line in JSON. Figures of steps that were not reached are null. */
export interface DemoResult extends Result {
  readonly ok: boolean;
  /** Swaps that succeeded. */
  readonly swaps: number;
  readonly failedInvocations: number;
  readonly invocations: number;
  /** On the held-out rows, from 0 to 1. */
  readonly accuracyBefore: number | null;
  /** On the held-out rows, from 0 to 1. */
  readonly accuracyAfter: number | null;
  /** On the held-out rows, from 0 to 1: once a person went back. */
  readonly accuracyBack: number | null;
  readonly seconds: number;
}

/**
 * Runs all steps and shows what comes of them. Returns the exit code: 0 only when every step held. When `interrupted`
 * aborts, it stops what it started and rejects with the signal's reason.
 */
export function runDemo(options: StepsOptions, interrupted: AbortSignal): Promise<number> {
  const { timeline } = options;
  const figures = emptyFigures();
  return runSteps(new Steps(options, figures), timeline, interrupted, () => ({
    result: resultOf(figures, timeline.ok, timeline.seconds()),
    table: tableOf(figures),
  }));
}

/** Runs the steps of a demo as `runDemo` says; `ending` is what is shown at the end. */
export async function runSteps(
  steps: DemoSteps,
  timeline: Timeline,
  interrupted: AbortSignal,
  ending: () => { readonly result: Result; readonly table: Table },
): Promise<number> {
  const interruption = new Promise<never>((_, reject) => {
    interrupted.addEventListener('abort', () => reject(interrupted.reason), { once: true });
  });
  try {
    await Promise.race([steps.run(), interruption]);
  } catch (error) {
    if (interrupted.aborted) {
      timeline.close();
      throw error;
    }
    if (error instanceof WaitedInVain) timeline.check(error.expected, false, error.got);
    else timeline.error(error);
  } finally {
    await steps.stop();
  }
  const { result, table } = ending();
  return timeline.finish(result, table);
}

function resultOf({ before, after, back, ...counts }: Figures, ok: boolean, seconds: number): DemoResult {
  return {
    ok,
    swaps: counts.swaps,
    failedInvocations: counts.failedInvocations,
    invocations: counts.invocations,
    accuracyBefore: before.accuracy ?? null,
    accuracyAfter: after.accuracy ?? null,
    accuracyBack: back.accuracy ?? null,
    seconds: Math.round(seconds * 10) / 10,
  };
}

function tableOf({ before, after, back, swaps, failedInvocations, invocations }: Figures): Table {
  const row = (name: string, { revision, slot, accuracy }: Service) => [
    name,
    revision ?? '–',
    slot ?? '–',
    accuracy === undefined ? '–' : percent(accuracy),
  ];
  return {
    head: ['', 'revision', 'slot', 'accuracy', 'swaps', 'failed invocations'],
    rows: [
      [...row('before', before), '', ''],
      [...row('after', after), '', ''],
      [...row('back', back), String(swaps), `${failedInvocations} of ${invocations}`],
    ],
  };
}
