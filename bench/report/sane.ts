/*
 * What has to hold for the figures of every run, a quick one too, before they are shown to anybody. Each check is pure:
 * results in, problems out. A benchmark that breaks one of them measures something else than its table says.
 */
import type { EmulatorFigures } from '../emulators/measure-emulators.ts';
import type { Approach, ApproachSummary, PatternRow } from '../patterns/summary.ts';
import { type Comparison, type Delay, disagreement } from '../support/statistics.ts';
import type { Results } from './results.ts';
import { type ReportTable, tables } from './tables.ts';

type Alternative = Exclude<Approach, 'freshpoint'>;
const ALTERNATIVES: readonly Alternative[] = ['sleeping', 'plain'];

/** A figure that is neither impossible nor absurd: both ends included. */
interface Range {
  readonly name: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
}

/** Everything that is not sane, in sentences; empty when all is well. */
export function insaneFigures(results: Results): string[] {
  const broken = brokenNumbers(results);
  // What follows divides and prints, which needs numbers.
  if (broken.length > 0) return broken;
  return [
    ...uploadsFreshpointLost(results.patterns),
    ...implausibleAlternatives(results.patterns),
    ...contradictingRatios(results),
    ...outOfRange(results),
    ...tables(results).flatMap(emptyCells),
  ];
}

/** Every number is finite. */
export function brokenNumbers(results: Results): string[] {
  return entriesOf(results).flatMap(({ path, value }) =>
    value === undefined || value === null || (typeof value === 'number' && !Number.isFinite(value))
      ? [`${path} is ${value}, which is no figure.`]
      : [],
  );
}

/** Freshpoint's contract: it loses nothing. */
export function uploadsFreshpointLost(patterns: readonly PatternRow[]): string[] {
  return patterns.flatMap(({ pattern, freshpoint: { lost } }) =>
    lost === 0 ? [] : [`${pattern}: Freshpoint lost the newest upload in ${lost * 100} % of the runs.`],
  );
}

/**
 * An alternative that never serves the newest upload of a pattern is not set up as people run it, or not judged by what
 * it serves. One that loses nothing in any pattern is not what people run either.
 */
export function implausibleAlternatives(patterns: readonly PatternRow[]): string[] {
  return ALTERNATIVES.flatMap((approach) => [
    ...patterns
      .filter((row) => row[approach].lost >= 1)
      .map(({ pattern }) => `${pattern}: the ${approach} function lost the newest upload in every run.`),
    ...(patterns.every((row) => row[approach].lost === 0)
      ? [`The ${approach} function lost nothing in any pattern.`]
      : []),
  ]);
}

/** A printed ratio is close to the ratio of the two medians beside it. */
export function contradictingRatios(results: Results): string[] {
  return entriesOf(results).flatMap(({ path, value }) => {
    if (!isComparison(value)) return [];
    const { differs, allowed } = disagreement(value);
    if (differs <= allowed) return [];
    const { ours, other, ratio } = value;
    const ofMedians = (ours.median / other.median).toFixed(3);
    const medians = `${ours.median.toFixed(2)} / ${other.median.toFixed(2)} = ${ofMedians}`;
    return [`${path}: the medians' ratio, ${medians}, is not ${ratio.median.toFixed(3)} ± ${allowed.toFixed(3)}.`];
  });
}

/** No column of a table is empty, nor any cell of it. */
export function emptyCells({ title, head, rows }: ReportTable): string[] {
  const problems = rows.flatMap((row) =>
    head.flatMap((name, column) => {
      const cell = row[column] ?? '';
      const isEmpty = column > 0 && !/\d/.test(cell);
      return isEmpty || /NaN|Infinity|undefined/.test(cell)
        ? [`${title}: ${name || 'the first column'} of "${row[0]}" is "${cell}".`]
        : [];
    }),
  );
  return rows.length === 0 ? [`${title}: there are no rows.`] : problems;
}

/**
 * Every figure is within what is possible. The limits are wide: they find other units and swapped sides, not bad days.
 */
export function outOfRange(results: Results): string[] {
  return ranges(results)
    .filter(({ value, min, max }) => !(value >= min && value <= max))
    .map(({ name, value, min, max }) =>
      Number.isNaN(value) ? `${name} is missing.` : `${name} is ${value}, which is not within ${min} to ${max}.`,
    );
}

function ranges(results: Results): Range[] {
  const { bundle, copies, emulators, idle, revision, rollback, storage, transfers, invocations, patterns } = results;
  return [
    ...patterns.flatMap(patternRanges),
    { name: 'sweeps of an idle endpoint', value: idle.sweeps, min: 3, max: 5 },
    { name: 'metrics that a sweep publishes', value: idle.metrics, min: 0, max: 0 },
    // Limits of the project's own, so that cold starts stay short. Processor time does not depend on bad days.
    { name: "the bundle's kB", value: bundle.kB, min: 100, max: 455 },
    ratioOf("loading's processor time", bundle.loadedCpu, 0.05, 0.35),
    // One file loads faster than hundreds, and the first decision comes after loading.
    ratioOf('loading', bundle.loaded, 0.05, 1),
    ratioOf('the first decision', bundle.decided, 0.05, 1),
    ratioOf('one more decision', bundle.warm, 0.3, 3),
    ratioOf("the function's memory", bundle.rssMB, 0.2, 1.1),
    {
      name: 'ms of the first decision',
      value: bundle.decided.ours.median,
      min: bundle.loaded.ours.median,
      max: 20_000,
    },
    // The bare server does less.
    ratioOf('uploads', transfers.upload, 0.02, 1.3),
    ratioOf('downloads', transfers.download, 0.02, 1.3),
    ...(['ours', 'other'] as const).map((side) => ({
      name: `peak MB (${side})`,
      value: transfers.peakMB[side],
      min: 30,
      max: 2000,
    })),
    ratioOf('invocations with the SDK', invocations.sdk, 0.02, 1.3),
    ratioOf('invocations with the bare client', invocations.plain, 0.02, 1.3),
    ratioOf("the thinnest proxy's with the SDK", invocations.proxy.sdk, 0.02, 1.3),
    ratioOf("the thinnest proxy's with the bare client", invocations.proxy.plain, 0.02, 1.3),
    ...emulatorRanges(emulators),
    ...revision.flatMap(({ objects, calls, heapMB }) => [
      {
        name: `calls for ${objects} objects`,
        value: calls,
        min: Math.ceil(objects / 1000),
        max: Math.ceil(objects / 1000),
      },
      { name: `heap MB for ${objects} objects`, value: heapMB, min: 1, max: 200 },
    ]),
    ...copies.flatMap(({ GiB, calls, bytes, passes }) => [
      { name: `calls for ${GiB} GiB`, value: calls, min: Math.max(2, GiB), max: 10 + GiB * 10 },
      { name: `bytes of ${GiB} GiB through the function`, value: bytes, min: 0, max: 0 },
      { name: `passes for ${GiB} GiB`, value: passes, min: 1, max: 1 + GiB },
    ]),
    ...storage.flatMap(({ retainRevisions, copies: stored, writes, reads }) => [
      // One in each slot, and the revisions themselves.
      {
        name: `copies with ${retainRevisions} revisions`,
        value: stored,
        min: 2 + retainRevisions,
        max: 2.1 + retainRevisions,
      },
      { name: `S3 writes of a refresh with ${retainRevisions} revisions`, value: writes, min: 4, max: 12 },
      { name: `S3 reads of a refresh with ${retainRevisions} revisions`, value: reads, min: 2, max: 20 },
    ]),
    // Every way needs an update of the endpoint, which takes minutes.
    ...Object.entries<number>({ ...rollback }).map(([way, seconds]) => ({
      name: `rollback: ${way}`,
      value: seconds,
      min: 60,
      max: 1800,
    })),
  ];
}

const ratioOf = (name: string, { ratio }: Comparison, min: number, max: number): Range => ({
  name: `the ratio of ${name}`,
  value: ratio.median,
  min,
  max,
});

/** MiB from which on the project's own limits hold. A transfer that is shorter measures how it begins. */
const LIMITED_MIB = 1024;

function emulatorRanges({ MiB, transfers, peakMB, startMs }: EmulatorFigures): Range[] {
  const isLimited = MiB >= LIMITED_MIB;
  return [
    ...(['ministack', 'moto'] as const).flatMap((name) => [
      ratioOf(`uploads with boto3 (${name})`, transfers[name].upload, isLimited ? 1.2 : 0.2, 20),
      ratioOf(`downloads with boto3 (${name})`, transfers[name].download, 0.2, 200),
      { name: `peak MB (${name})`, value: peakMB[name], min: 50, max: 20_000 },
      { name: `ms until ${name} answers`, value: startMs[name].median, min: 50, max: 60_000 },
    ]),
    // The bare server does less.
    ratioOf('uploads with boto3 (bare server)', transfers.bare.upload, 0.02, isLimited ? 1.3 : 10),
    ratioOf(
      'downloads with boto3 (bare server)',
      transfers.bare.download,
      isLimited ? 0.6 : 0.02,
      isLimited ? 1.3 : 10,
    ),
    { name: 'peak MB beside emulators', value: peakMB.ours, min: 50, max: 200 },
    { name: 'ms until the local runtime answers', value: startMs.ours.median, min: 50, max: isLimited ? 1000 : 10_000 },
  ];
}

/** Invocations that a refresh may take: gathering requests is what the batching window is for. */
const MAX_INVOCATIONS: Readonly<Record<string, number>> = { 'one upload': 6, '1000 files in a row': 60 };
/** From settled to UpdateEndpoint, in seconds. */
const MAX_OWN_DELAY_SECONDS = 4;

function patternRanges({ pattern, freshpoint, sleeping, plain }: PatternRow): Range[] {
  const own = (name: string, given: Delay | undefined, max: number): Range => ({
    name: `${pattern}: Freshpoint's seconds ${name}`,
    value: given?.median ?? Number.NaN,
    min: 0,
    max,
  });
  const counts = ({ swaps, invocations, coldStarts, seconds }: ApproachSummary, approach: string): Range[] => [
    { name: `${pattern}: swaps (${approach})`, value: swaps, min: 1, max: 60 },
    {
      name: `${pattern}: invocations (${approach})`,
      value: invocations,
      min: 1,
      max: (approach === 'Freshpoint' ? MAX_INVOCATIONS[pattern] : undefined) ?? 5000,
    },
    { name: `${pattern}: cold starts (${approach})`, value: coldStarts, min: 1, max: invocations },
    { name: `${pattern}: function seconds (${approach})`, value: seconds, min: 0.01, max: 10_000 },
  ];
  return [
    own('from settled to UpdateEndpoint', freshpoint.settledToUpdate, MAX_OWN_DELAY_SECONDS),
    own('from upload to served, beyond', freshpoint.overhead, 120),
    ...counts(freshpoint, 'Freshpoint'),
    ...counts(sleeping, 'sleeping'),
    ...counts(plain, 'plain'),
  ];
}

/** Everything within the results, objects included, by path. */
function entriesOf(value: unknown, path = ''): { readonly path: string; readonly value: unknown }[] {
  const own = { path, value };
  if (typeof value !== 'object' || value === null) return [own];
  const parts = Object.entries(value).flatMap(([key, part]) => entriesOf(part, path === '' ? key : `${path}.${key}`));
  return [own, ...parts];
}

function isComparison(value: unknown): value is Comparison {
  return typeof value === 'object' && value !== null && 'ours' in value && 'other' in value && 'ratio' in value;
}
