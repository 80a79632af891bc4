/** What several measurements of one thing say. */
export interface Figure {
  readonly median: number;
  /** Half of the distance between the quartiles, as a share of the median: the noise. */
  readonly noise: number;
  readonly samples: number;
}

/** Below this share two figures count as equal, however quiet the measurements were. */
const ROUNDING_SHARE = 0.02;

/** Throws RangeError when there is none. */
export function figure(samples: readonly number[]): Figure {
  if (samples.length === 0) throw new RangeError('There is nothing to take a median of.');
  const sorted = [...samples].sort((a, b) => a - b);
  const median = quantile(sorted, 0.5);
  const spread = (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 2;
  return { median, noise: median === 0 ? 0 : Math.abs(spread / median), samples: sorted.length };
}

/** How long something took in many runs, in seconds. */
export interface Delay {
  readonly median: number;
  /** Nine of ten runs took no longer. */
  readonly p90: number;
  readonly samples: number;
}

/** Throws RangeError when there is none. */
export function delay(samples: readonly number[]): Delay {
  const { median } = figure(samples);
  const sorted = [...samples].sort((a, b) => a - b);
  return { median, p90: quantile(sorted, 0.9), samples: sorted.length };
}

/** Of two things measured in turn: each pair's ratio, so that what else the machine did in between counts less. */
export function ratioOf(ones: readonly number[], others: readonly number[]): Figure {
  if (ones.length !== others.length) throw new RangeError(`Got ${ones.length} and ${others.length} samples, no pairs.`);
  return figure(ones.map((one, index) => one / (others[index] ?? Number.NaN)));
}

/** Ours, what it is compared with, and the ratio that is printed beside them. */
export interface Comparison {
  readonly ours: Figure;
  readonly other: Figure;
  /** The median of the pairs' ratios. */
  readonly ratio: Figure;
}

/** How the ratio of the medians and the printed ratio fit together, as shares of 1. */
export interface Disagreement {
  readonly differs: number;
  /** The spread that is printed beside the ratio. */
  readonly printed: number;
  /** What the spread of the ratio and of both sides together explain. */
  readonly allowed: number;
}

export function disagreement({ ours, other, ratio }: Comparison): Disagreement {
  const printed = Math.max(ratio.noise, ROUNDING_SHARE);
  return {
    differs: Math.abs(ours.median / other.median - ratio.median),
    printed: ratio.median * printed,
    allowed: ratio.median * Math.max(printed, Math.hypot(ours.noise, other.noise)),
  };
}

/** 0 of none. */
export function mean(samples: readonly number[]): number {
  return samples.length === 0 ? 0 : samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
}

function quantile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}
