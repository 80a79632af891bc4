import { NO_FAULTS } from '../faults/rates.ts';
import type { Action, Scenario, ScenarioStep, Shortage } from '../persons/scenario.ts';

const MINUTE_MS = 60_000;

/** One story that is told in full, for a bug that seeds meet rarely. */
export interface Story {
  readonly name: string;
  /** Name of the layout. */
  readonly layout: string;
  readonly scenario: Omit<Scenario, 'layout'>;
}

/** What a story sets besides its steps. */
interface Setting {
  readonly personSkewMinutes?: number;
  readonly shortage?: Shortage;
  readonly calmAfterMinutes?: number;
}

const upload = (file = 0): Action => ({ kind: 'upload', files: [file], gapMs: 0, quality: 'good' });
const rollBack: Action = { kind: 'roll back', steps: 1 };

export const STORIES: readonly Story[] = [
  story('an upload in parts spans a rollback and an update of the endpoint', 'one file', [
    [1, upload()],
    [40, { kind: 'multipart', file: 0, takesMs: 2.6 * MINUTE_MS, quality: 'good' }],
    [42, { kind: 'scale', count: 4 }],
    [42.1, rollBack],
  ]),
  story(
    'a rollback by a clock that is an hour ahead is refused for hours',
    'one file',
    [
      [1, upload()],
      [30, rollBack],
    ],
    {
      personSkewMinutes: 60,
      shortage: { kind: 'capacity', fromMs: 29 * MINUTE_MS, forMs: 180 * MINUTE_MS },
      calmAfterMinutes: 240,
    },
  ),
  story(
    'a rollback by a clock that is eight minutes behind',
    'one file',
    [
      [1, upload()],
      [6, rollBack],
    ],
    {
      personSkewMinutes: -8,
    },
  ),
];

function story(
  name: string,
  layout: string,
  actions: readonly (readonly [minutes: number, Action])[],
  { personSkewMinutes = 0, shortage, calmAfterMinutes = 90 }: Setting = {},
): Story {
  const steps = actions.map(([minutes, action]): ScenarioStep => ({ when: { atMs: minutes * MINUTE_MS }, action }));
  return {
    name,
    layout,
    scenario: {
      steps,
      shortage,
      launchMs: MINUTE_MS,
      skew: { s3: 0, sagemaker: 0, controller: 0, person: personSkewMinutes * MINUTE_MS },
      rates: NO_FAULTS,
      latency: { profile: 'typical', modelMegabytes: 20, listedPages: 1 },
      calmAfterMs: calmAfterMinutes * MINUTE_MS,
    },
  };
}
