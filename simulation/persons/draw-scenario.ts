import { FAILURE_TEXTS, type ShortageKind } from '../faults/failure-texts.ts';
import { drawRates } from '../faults/rates.ts';
import { drawQuotaShares } from '../faults/request-rates.ts';
import type { Random } from '../random.ts';
import { drawLatency } from '../worlds/latency.ts';
import { type Edition, type EndpointLayout, keysOf, type Layout } from '../worlds/layout.ts';
import type { Quality } from '../worlds/model-data.ts';
import type { Action, Scenario, ScenarioStep, Shortage, UploadAction, When } from './scenario.ts';

const MINUTE_MS = 60_000;

/** Each as often as it is drawn, relative to the others. */
const QUALITIES: readonly Quality[] = [
  ...(['good', 'good', 'good', 'good', 'good'] as const),
  ...(['slow', 'broken', 'junk', 'wrong', 'hung'] as const),
];
const KINDS: readonly Exclude<Action['kind'], 'second endpoint'>[] = [
  ...(['upload', 'upload', 'upload', 'upload', 'again', 'earlier', 'earlier'] as const),
  ...([
    'flicker',
    'flicker',
    'multipart',
    'multipart',
    'delete',
    'stream',
    'deploy',
    'deploy',
    'deploy',
    'scale',
    'scale',
    'move',
    'move',
  ] as const),
  ...(['delete state', 'delete state', 'expire'] as const),
  ...(['suspend', 'suspend', 'patch', 'roll back', 'roll back', 'roll back', 'roll back'] as const),
];

const SHORTAGE_CHANCE = 0.15;
const SOURCES_CHANCE = 0.25;
const SECOND_CHANCE = 0.2;
const EDITIONS: readonly Edition[] = ['models', 'configs', 'settings', 'tags', 'first', 'failing'];
/** The editions that change the sources come in few seeds, and then often. */
const SOURCES_EDITIONS = ['sources', 'sources', 'failing sources'] as const;
/** Laptops' clocks, unlike servers', can be wrong by minutes, or by the hour of a time zone. */
const PERSON_SKEWS_MS = [0, 0, 0, 0, 2000, -2000, 8 * MINUTE_MS, -8 * MINUTE_MS, 60 * MINUTE_MS, -60 * MINUTE_MS];
const BUSY_ACCOUNT_CHANCE = 0.25;

/** Draws a scenario. */
export function drawScenario(random: Random, layouts: readonly Layout[]): Scenario {
  const layout = random.int(0, layouts.length - 1);
  const chosen = layouts[layout];
  if (!chosen) throw new Error('there is no layout');
  const changesSources = random.chance(SOURCES_CHANCE);
  const { endpoint } = chosen;
  const inputs = changesSources ? changingInputs(endpoint) : inputsOf(endpoint);
  const isSkewed = random.chance(0.4);
  const drawSkew = () => (isSkewed ? random.int(-3000, 3000) : 0);
  const windowMs = random.pick([15, 40, 90]) * MINUTE_MS;
  const steps = drawSteps(random, inputs, windowMs);
  if (changesSources) steps.push(drawChange(random, windowMs));
  if (random.chance(SECOND_CHANCE)) steps.push(...drawSecond(random, windowMs));
  const launchMs = random.pick([20_000, 60_000, 150_000]);
  const skew = { s3: drawSkew(), sagemaker: drawSkew(), controller: drawSkew(), person: random.pick(PERSON_SKEWS_MS) };
  const rates = drawRates(random);
  const latency = drawLatency(random);
  const quotaShares = random.chance(BUSY_ACCOUNT_CHANCE) ? drawQuotaShares(random) : undefined;
  const inputsEndMs = windowMs + random.int(0, 20) * MINUTE_MS;
  const shortage = random.chance(SHORTAGE_CHANCE) ? drawShortage(random, windowMs) : undefined;
  return {
    layout,
    launchMs,
    skew,
    rates,
    latency,
    quotaShares,
    steps,
    shortage,
    calmAfterMs: Math.max(inputsEndMs, shortage ? shortage.fromMs + shortage.forMs : 0),
  };
}

function drawShortage(random: Random, windowMs: number): Shortage {
  const kinds = [...(Object.keys(FAILURE_TEXTS) as ShortageKind[]), 'quota', 'quota'] as const;
  const hours = random.chance(0.1) ? random.int(24, 72) : random.pick([0.5, 1, 3, 6]);
  return { kind: random.pick(kinds), fromMs: random.int(0, windowMs), forMs: hours * 60 * MINUTE_MS };
}

/** What persons choose from. */
interface Inputs {
  /** The number of keys. */
  readonly keys: number;
  readonly editions: readonly Edition[];
}

function inputsOf(endpoint: EndpointLayout): Inputs {
  return { keys: endpoint.sources.keys.length, editions: EDITIONS };
}

/** With deployments that change the sources, and uploads to all of them. */
function changingInputs(endpoint: EndpointLayout): Inputs {
  return { keys: keysOf(endpoint).length, editions: [...EDITIONS, ...SOURCES_EDITIONS] };
}

/** A change of the sources in any case. */
function drawChange(random: Random, windowMs: number): ScenarioStep {
  return { when: drawWhen(random, windowMs), action: { kind: 'deploy', edition: random.pick(SOURCES_EDITIONS) } };
}

/** A second endpoint for a while, or for good, with uploads. */
function drawSecond(random: Random, windowMs: number): ScenarioStep[] {
  const addedMs = random.int(0, windowMs / 2);
  const drawLater = () => ({ atMs: random.int(addedMs, windowMs) });
  const uploads = Array.from({ length: random.int(1, 3) }, (): ScenarioStep => {
    return { when: drawLater(), action: { kind: 'second endpoint', upload: drawUpload(random, 1) } };
  });
  const removals = random.chance(0.6) ? [drawLater()] : [];
  return [
    { when: { atMs: addedMs }, action: { kind: 'deploy', edition: 'second endpoint' } },
    ...uploads,
    ...removals.map((when): ScenarioStep => ({ when, action: { kind: 'deploy', edition: random.pick(EDITIONS) } })),
  ];
}

function drawSteps(random: Random, inputs: Inputs, windowMs: number): ScenarioStep[] {
  const count = random.pick([1, 1, 2, 3, 4, 6, 9]);
  const steps = Array.from({ length: count }, (_, index): ScenarioStep => {
    const when = drawWhen(random, windowMs);
    return { when, action: index === 0 ? drawUpload(random, inputs.keys) : drawAction(random, inputs) };
  });
  // The first upload always comes: a step that waits for a status might otherwise wait for ever.
  const atMs = random.int(0, 5 * MINUTE_MS);
  return steps.map((step, index) => (index === 0 ? { ...step, when: { atMs } } : step));
}

function drawWhen(random: Random, windowMs: number): When {
  // In the middle of a pass: between what the controller reads and what it does.
  if (random.chance(0.2)) return { pass: random.int(1, 12), delayMs: random.int(0, random.pick([250, 800])) };
  if (random.chance(0.5)) return { atMs: random.int(0, windowMs) };
  return {
    status: random.pick(['UPDATING', 'UPDATING', 'ROLLING_BACK', 'IN_SERVICE'] as const),
    nth: random.int(1, 3),
    delayMs: random.chance(0.5) ? random.int(0, 200_000) : random.int(0, 30_000),
  };
}

function drawUpload(random: Random, keys: number): UploadAction {
  const all = Array.from({ length: keys }, (_, index) => index);
  const isBurst = keys > 1 && random.chance(0.5);
  const files = isBurst ? all.slice(0, random.int(2, keys)) : [random.int(0, keys - 1)];
  const quality = random.pick(QUALITIES);
  return { kind: 'upload', files, gapMs: random.int(0, 4000), quality };
}

function drawAction(random: Random, { keys, editions }: Inputs): Action {
  const file = random.int(0, keys - 1);
  const kind = random.pick(KINDS);
  switch (kind) {
    case 'upload':
      return drawUpload(random, keys);
    case 'again':
      return { kind, file };
    case 'earlier':
      return { kind, file, back: random.int(1, 3) };
    case 'flicker':
      return { kind, file, backAfterMs: random.int(5, random.pick([60, 600])) * 1000 };
    case 'multipart':
      return { kind, file, takesMs: random.int(1, 20) * MINUTE_MS, quality: random.pick(QUALITIES) };
    case 'delete':
      return { kind, file, restoreAfterMs: random.int(1, 10) * MINUTE_MS };
    case 'stream':
      return { kind, file, everyMs: random.int(5, 60) * 1000, times: random.int(5, 40) };
    case 'deploy':
      return { kind, edition: random.pick(editions) };
    case 'scale':
      return { kind, count: random.int(1, 4) };
    case 'move':
      return {
        kind,
        to: random.pick(['other slot', 'unknown config'] as const),
        backAfterMs: random.int(1, 25) * MINUTE_MS,
        ...(random.chance(0.8) && { file }),
      };
    case 'delete state':
      return { kind };
    case 'expire':
      return { kind, ageMs: random.pick([10, 30, 60]) * MINUTE_MS };
    case 'suspend':
      return { kind, forMs: random.int(1, 25) * MINUTE_MS };
    case 'roll back':
      return {
        kind,
        steps: random.pick([1, 1, 1, 2, 3]),
        ...(random.chance(0.6) && { deletesStateAfterMs: random.int(8, 30) * MINUTE_MS }),
      };
    case 'patch':
      return { kind, forMs: random.int(1, 6) * MINUTE_MS };
  }
}
