import { type FaultRates, NO_FAULTS } from '../faults/rates.ts';
import type { Action, Scenario, ScenarioStep, Shortage, UploadAction } from '../persons/scenario.ts';
import type { Situation } from '../situations.ts';
import type { Edition } from '../worlds/layout.ts';

const MINUTE_MS = 60_000;

/** One story that is written down, for a bug that seeds meet rarely. */
export interface Story {
  readonly name: string;
  /** Name of the layout. */
  readonly layout: string;
  /** Situations without which it would prove nothing. */
  readonly reaches: readonly Situation[];
  readonly scenario: Omit<Scenario, 'layout'>;
}

/** What a story sets besides its steps. */
interface Setting {
  readonly personSkewMinutes?: number;
  readonly shortage?: Shortage;
  readonly calmAfterMinutes?: number;
  readonly reaches?: readonly Situation[];
  /** @default no faults */
  readonly rates?: Partial<FaultRates>;
}

const uploadTo = (file: number): UploadAction => ({ kind: 'upload', files: [file], gapMs: 0, quality: 'good' });
const upload = (file = 0): Action => uploadTo(file);
const deploy = (edition: Edition): Action => ({ kind: 'deploy', edition });
const rollBackBy = (steps: number): Action => ({ kind: 'roll back', steps });
const rollBack = rollBackBy(1);
const expire: Action = { kind: 'expire', ageMs: 10 * MINUTE_MS };

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
  story(
    'two rollbacks with data partly in place, and newer data in place after them',
    'an archive, and a prefix in place',
    [
      [1, upload()],
      [20, upload(1)],
      [40, rollBackBy(2)],
      [60, rollBack],
      [80, upload(2)],
    ],
    { reaches: ['retained revision staged', 'pin ended by a newer upload'] },
  ),
  story(
    'a rollback to a revision that has expired, then an upload',
    'one file',
    [
      [1, upload()],
      [20, upload()],
      [60, expire],
      [61, rollBackBy(2)],
      [80, upload()],
    ],
    { reaches: ['old objects expired', 'newest upload serves at rest'] },
  ),
  story(
    'a rollback to a revision that has expired, and nothing else',
    'one file',
    [
      [1, upload()],
      [20, upload()],
      [60, expire],
      [61, rollBackBy(2)],
    ],
    { reaches: ['pin ended because its revision expired'] },
  ),
  story(
    'a deployment of tags while a refused upload is there',
    'two files, canary, smoke test',
    [
      [1, upload()],
      [20, { kind: 'upload', files: [1], gapMs: 0, quality: 'wrong' }],
      [45, { kind: 'deploy', edition: 'tags' }],
      [60, upload(1)],
    ],
    { reaches: ['rolled back after a failed smoke test', 'newest upload serves at rest'] },
  ),
  story(
    'an upload after a move by hand, while DescribeEndpoint answers as before it',
    'one file',
    [
      // Whether an outdated answer comes at the wrong moment is chance, so there are several.
      ...[0, 20, 40, 60].flatMap((minutes): [number, Action][] => [
        [minutes + 1, { kind: 'move', to: 'other slot', backAfterMs: 0 }],
        [minutes + 1.6, upload()],
      ]),
    ],
    { rates: { outdatedEndpoint: 0.5 }, reaches: ['answer from before the last swap'] },
  ),
  story(
    'a source is added while a revision is pinned, and an upload ends the pin',
    'one file',
    [
      [1, upload()],
      [20, rollBack],
      [40, deploy('sources')],
      [70, upload()],
    ],
    { reaches: ['a pin survived a change of the sources', 'pin ended by a newer upload'] },
  ),
  story(
    'a rollback to a revision that lacks a source',
    'one file',
    [
      [1, upload()],
      [20, deploy('sources')],
      [40, upload()],
      [60, rollBackBy(2)],
    ],
    { reaches: ['pin ended because its revision lacks a source', 'newest upload serves at rest'] },
  ),
  story(
    'a source is added while what is at another one is refused',
    'one file',
    [
      [1, { kind: 'upload', files: [0], gapMs: 0, quality: 'broken' }],
      [40, deploy('sources')],
    ],
    { reaches: ['quarantined before and after a change of the sources'] },
  ),
  story(
    'the source at fault is exchanged after a good upload to another one',
    'two files, canary, smoke test',
    [
      [1, upload()],
      [1.1, { kind: 'upload', files: [1], gapMs: 0, quality: 'junk' }],
      [30, deploy('sources')],
    ],
    { reaches: ['deployment changed the sources', 'newest upload serves at rest'] },
  ),
  story(
    'the state is deleted while a deployment adds a source and fails',
    'one file',
    [
      [1, upload()],
      [20, deploy('failing sources')],
      [21, { kind: 'delete state' }],
    ],
    { reaches: ['what served before a change of the sources serves after its rollback', 'state rebuilt'] },
  ),
  story(
    'a second endpoint is taken out during its refresh',
    'one file',
    [
      [1, deploy('second endpoint')],
      [20, { kind: 'second endpoint', upload: uploadTo(0) }],
      [22, deploy('first')],
    ],
    { reaches: ['an endpoint was removed during a refresh', 'an endpoint was removed'] },
  ),
  story(
    'what was rolled back is uploaded again',
    'one file',
    [
      [1, upload()],
      [20, rollBack],
      [40, { kind: 'again', file: 0 }],
    ],
    { reaches: ['passed over by a pin', 'at rest on a pinned revision'] },
  ),
  story(
    'what was rolled back while the state was lost is uploaded again before it is rebuilt',
    'one file',
    [
      [1, upload()],
      [20, { kind: 'delete state' }],
      [20.2, rollBack],
      [21, { kind: 'again', file: 0 }],
    ],
    { reaches: ['passed over by a pin', 'at rest on a pinned revision'] },
  ),
];

function story(
  name: string,
  layout: string,
  actions: readonly (readonly [minutes: number, Action])[],
  { personSkewMinutes = 0, shortage, calmAfterMinutes = 90, reaches = [], rates }: Setting = {},
): Story {
  const steps = actions.map(([minutes, action]): ScenarioStep => ({ when: { atMs: minutes * MINUTE_MS }, action }));
  return {
    name,
    layout,
    reaches,
    scenario: {
      steps,
      shortage,
      launchMs: MINUTE_MS,
      skew: { s3: 0, sagemaker: 0, controller: 0, person: personSkewMinutes * MINUTE_MS },
      rates: { ...NO_FAULTS, ...rates },
      latency: { profile: 'typical', modelMegabytes: 20, listedPages: 1 },
      calmAfterMs: calmAfterMinutes * MINUTE_MS,
    },
  };
}
