import { type Comparison, disagreement, figure, ratioOf } from './statistics.ts';

/** What one round measures of one side, by name. */
type Sample<K extends string> = Readonly<Record<K, number>>;

/** The two things that are compared: each gives one sample when asked. */
export interface Sides<K extends string> {
  readonly ours: () => Promise<Sample<K>>;
  readonly other: () => Promise<Sample<K>>;
}

/** How often, and which values of a sample are compared. */
export interface Rounds<K extends string> {
  readonly rounds: number;
  readonly values: readonly K[];
  readonly say: (detail: string) => void;
}

/** Rounds at most, as a multiple of those that were asked for. */
const MAX_ROUNDS_FACTOR = 3;

/**
 * Measures both sides in turn, so that whatever else the machine does affects both. The side that begins alternates,
 * so that a drift affects both as well. More rounds follow while the ratio of the medians is not within what will be
 * printed: the median of the pairs' ratios and its spread.
 */
export async function compareInTurn<K extends string>(
  sides: Sides<K>,
  { rounds, values, say }: Rounds<K>,
): Promise<Readonly<Record<K, Comparison>>> {
  const ours: Sample<K>[] = [];
  const other: Sample<K>[] = [];
  let compared: Readonly<Record<K, Comparison>>;
  do {
    say(`round ${ours.length + 1} of ${rounds}`);
    const isOtherFirst = ours.length % 2 === 1;
    if (isOtherFirst) other.push(await sides.other());
    ours.push(await sides.ours());
    if (!isOtherFirst) other.push(await sides.other());
    compared = comparisons(ours, other, values);
  } while (ours.length < rounds || (ours.length < rounds * MAX_ROUNDS_FACTOR && !isSteady(Object.values(compared))));
  return compared;
}

function comparisons<K extends string>(
  ours: readonly Sample<K>[],
  other: readonly Sample<K>[],
  values: readonly K[],
): Readonly<Record<K, Comparison>> {
  const entries = values.map((value): [K, Comparison] => {
    const ones = ours.map((sample) => sample[value]);
    const others = other.map((sample) => sample[value]);
    return [value, { ours: figure(ones), other: figure(others), ratio: ratioOf(ones, others) }];
  });
  return Object.fromEntries(entries) as Record<K, Comparison>;
}

function isSteady(compared: readonly Comparison[]): boolean {
  return compared.every((comparison) => {
    const { differs, printed } = disagreement(comparison);
    return differs <= printed;
  });
}
