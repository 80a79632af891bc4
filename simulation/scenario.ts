import type { FaultRates } from './faults.ts';
import { drawRates } from './faults.ts';
import type { Random } from './random.ts';
import type { Quality } from './sources.ts';
import type { Edition, Layout } from './templates.ts';

/** What people, pipelines and AWS do to the endpoint. */
export type Action =
  /** Files by index of the layout's keys, `gapMs` apart. */
  | { readonly kind: 'upload'; readonly files: readonly number[]; readonly gapMs: number; readonly quality: Quality }
  /** The bytes that lie there, once more. */
  | { readonly kind: 'again'; readonly file: number }
  /** Bytes of an earlier upload. */
  | { readonly kind: 'earlier'; readonly file: number; readonly back: number }
  /** Other bytes for a while, then those that were there. */
  | { readonly kind: 'flicker'; readonly file: number; readonly backAfterMs: number }
  | { readonly kind: 'delete'; readonly file: number; readonly restoreAfterMs: number }
  /** An upload every `everyMs`, `times` times. */
  | { readonly kind: 'stream'; readonly file: number; readonly everyMs: number; readonly times: number }
  | { readonly kind: 'deploy'; readonly edition: Edition }
  | { readonly kind: 'scale'; readonly count: number }
  /** `file`: has other bytes meanwhile. */
  | {
      readonly kind: 'move';
      readonly to: 'other slot' | 'unknown config';
      readonly backAfterMs: number;
      readonly file?: number;
    }
  | { readonly kind: 'hold'; readonly forMs: number }
  /** To the revision that was served so many revisions ago. */
  | { readonly kind: 'go back'; readonly steps: number }
  | { readonly kind: 'patch'; readonly forMs: number };

/** When: at a time, so long after the endpoint's status became this for the nth time, or after the loop's nth look. */
export type When =
  | { readonly atMs: number }
  | { readonly look: number; readonly delayMs: number }
  | { readonly status: 'UPDATING' | 'ROLLING_BACK' | 'IN_SERVICE'; readonly nth: number; readonly delayMs: number };

export interface Step {
  readonly when: When;
  readonly action: Action;
}

/** One seed's world and story. */
export interface Scenario {
  readonly layout: number;
  readonly launchMs: number;
  readonly skew: { readonly s3: number; readonly sagemaker: number; readonly loop: number };
  readonly rates: FaultRates;
  readonly steps: readonly Step[];
  /** After so long nothing new happens, and nothing goes wrong any more; in ms. */
  readonly calmAfterMs: number;
}

const MINUTE = 60_000;

/** Draws a scenario. */
export function drawScenario(random: Random, layouts: readonly Layout[]): Scenario {
  const layout = random.int(0, layouts.length - 1);
  const keys = layouts[layout]!.keys.length;
  const isSkewed = random.chance(0.4);
  const skew = () => (isSkewed ? random.int(-3000, 3000) : 0);
  const windowMs = random.pick([15, 40, 90]) * MINUTE;
  const count = random.pick([1, 1, 2, 3, 4, 6, 9]);
  const steps: Step[] = [];
  for (let i = 0; i < count; i++) {
    steps.push({
      when: drawWhen(random, windowMs),
      action: i === 0 ? drawUpload(random, keys) : drawAction(random, keys),
    });
  }
  // The first upload always comes: what waits for a status would else wait for ever.
  steps[0] = { ...steps[0]!, when: { atMs: random.int(0, 5 * MINUTE) } };
  return {
    layout,
    launchMs: random.pick([20_000, 60_000, 150_000]),
    skew: { s3: skew(), sagemaker: skew(), loop: skew() },
    rates: drawRates(random),
    steps,
    calmAfterMs: windowMs + random.int(0, 20) * MINUTE,
  };
}

function drawWhen(random: Random, windowMs: number): When {
  // In the middle of a look: between what the loop has read and what it does.
  if (random.chance(0.2)) return { look: random.int(1, 12), delayMs: random.int(0, random.pick([250, 800])) };
  if (random.chance(0.5)) return { atMs: random.int(0, windowMs) };
  return {
    status: random.pick(['UPDATING', 'UPDATING', 'ROLLING_BACK', 'IN_SERVICE'] as const),
    nth: random.int(1, 3),
    delayMs: random.chance(0.5) ? random.int(0, 200_000) : random.int(0, 30_000),
  };
}

function drawUpload(random: Random, keys: number): Action {
  const all = Array.from({ length: keys }, (_, index) => index);
  const isBurst = keys > 1 && random.chance(0.5);
  const files = isBurst ? all.slice(0, random.int(2, keys)) : [random.int(0, keys - 1)];
  const quality = random.pick<Quality>([
    'good',
    'good',
    'good',
    'good',
    'good',
    'slow',
    'broken',
    'junk',
    'wrong',
    'hung',
  ]);
  return { kind: 'upload', files, gapMs: random.int(0, 4000), quality };
}

function drawAction(random: Random, keys: number): Action {
  const file = random.int(0, keys - 1);
  const kind = random.pick([
    ...[
      'upload',
      'upload',
      'upload',
      'upload',
      'again',
      'earlier',
      'earlier',
      'flicker',
      'flicker',
      'delete',
      'stream',
    ],
    ...['deploy', 'deploy', 'scale', 'scale', 'move', 'move', 'hold', 'hold', 'patch', 'go back', 'go back', 'go back'],
  ] as Action['kind'][]);
  switch (kind) {
    case 'upload':
      return drawUpload(random, keys);
    case 'again':
      return { kind, file };
    case 'earlier':
      return { kind, file, back: random.int(1, 3) };
    case 'flicker':
      return { kind, file, backAfterMs: random.int(5, random.pick([60, 600])) * 1000 };
    case 'delete':
      return { kind, file, restoreAfterMs: random.int(1, 10) * MINUTE };
    case 'stream':
      return { kind, file, everyMs: random.int(5, 60) * 1000, times: random.int(5, 40) };
    case 'deploy':
      return { kind, edition: random.pick<Edition>(['models', 'configs', 'settings', 'first', 'failing']) };
    case 'scale':
      return { kind, count: random.int(1, 4) };
    case 'move':
      return {
        kind,
        to: random.pick(['other slot', 'unknown config'] as const),
        backAfterMs: random.int(1, 25) * MINUTE,
        ...(random.chance(0.8) && { file }),
      };
    case 'hold':
      return { kind, forMs: random.int(1, 25) * MINUTE };
    case 'go back':
      return { kind, steps: random.pick([1, 1, 1, 2, 3]) };
    case 'patch':
      return { kind, forMs: random.int(1, 6) * MINUTE };
  }
}
