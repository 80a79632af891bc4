import type { StepsOptions } from './demo-steps.ts';
import { runSteps, secondsOf } from './run-demo.ts';
import { type Moment, type SettingsFigures, SettingsSteps } from './settings-steps.ts';
import type { DemoOutcome, SummaryTable } from './timeline/events.ts';
import type { Timeline } from './timeline/timeline.ts';

/** The settings demo's result: its last line in JSON. */
export interface SettingsDemoResult extends DemoOutcome {
  /** Updates of the endpoint that began, by refreshes and deployments, successful or not. */
  readonly updates: number;
  readonly failedInvocations: number;
  readonly invocations: number;
  /** In order. */
  readonly moments: readonly Moment[];
  readonly seconds: number;
}

/** Runs all steps of the settings demo, as `runDemo` does those of the main one. */
export function runSettingsDemo(options: StepsOptions, interrupted: AbortSignal): Promise<number> {
  const { timeline } = options;
  const figures: SettingsFigures = { moments: [], updates: 0, swaps: 0, invocations: 0, failedInvocations: 0 };
  return runSteps(new SettingsSteps(options, figures), timeline, interrupted, () => ({
    result: resultOf(figures, timeline),
    table: tableOf(figures),
  }));
}

function resultOf(figures: SettingsFigures, timeline: Timeline): SettingsDemoResult {
  const { updates, failedInvocations, invocations, moments } = figures;
  return { ok: timeline.ok, updates, failedInvocations, invocations, moments, seconds: secondsOf(timeline) };
}

function tableOf({ moments }: SettingsFigures): SummaryTable {
  return {
    head: ['in service after', 'endpoint config', 'model', 'instances', 'LOG_LEVEL'],
    rows: moments.map(({ after, config, model, instances, logLevel }) => [
      after,
      config,
      model,
      String(instances),
      logLevel ?? '–',
    ]),
  };
}
