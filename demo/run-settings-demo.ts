import type { StepsOptions } from './demo-steps.ts';
import { runSteps } from './run-demo.ts';
import { type Moment, type SettingsFigures, SettingsSteps } from './settings-steps.ts';
import type { Result, Table } from './timeline/events.ts';

/** The settings demo's result: its last line in JSON. */
export interface SettingsDemoResult extends Result {
  /** Updates of the endpoint that began, whoever asked for them and whatever came of them. */
  readonly updates: number;
  readonly failedInvocations: number;
  readonly invocations: number;
  /** What was in service when, in order. */
  readonly moments: readonly Moment[];
  readonly seconds: number;
}

/** Runs all steps of the settings demo, as `runDemo` does those of the main one. */
export function runSettingsDemo(options: StepsOptions, interrupted: AbortSignal): Promise<number> {
  const { timeline } = options;
  const figures: SettingsFigures = { moments: [], updates: 0, swaps: 0, invocations: 0, failedInvocations: 0 };
  return runSteps(new SettingsSteps(options, figures), timeline, interrupted, () => ({
    result: resultOf(figures, timeline.ok, timeline.seconds()),
    table: tableOf(figures),
  }));
}

function resultOf(figures: SettingsFigures, ok: boolean, seconds: number): SettingsDemoResult {
  const { updates, failedInvocations, invocations, moments } = figures;
  return { ok, updates, failedInvocations, invocations, moments, seconds: Math.round(seconds * 10) / 10 };
}

function tableOf({ moments }: SettingsFigures): Table {
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
