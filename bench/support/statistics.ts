/** What several measurements of one thing say. */
export interface Figure {
  readonly median: number;
  /** Half of the distance between the quartiles, as a share of the median: the noise. */
  readonly noise: number;
  readonly samples: number;
}

/** Throws RangeError when there is none. */
export function figure(samples: readonly number[]): Figure {
  if (samples.length === 0) throw new RangeError('There is nothing to take a median of.');
  const sorted = [...samples].sort((a, b) => a - b);
  const median = quantile(sorted, 0.5);
  const spread = (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 2;
  return { median, noise: median === 0 ? 0 : Math.abs(spread / median), samples: sorted.length };
}

/** Of two things measured in turn: each pair's ratio, so that what else the machine did in between counts less. */
export function ratioOf(ones: readonly number[], others: readonly number[]): Figure {
  return figure(ones.map((one, index) => one / others[index]!));
}

/** 0 of none. */
export function mean(samples: readonly number[]): number {
  return samples.length === 0 ? 0 : samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
}

function quantile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at - Math.floor(at));
}
