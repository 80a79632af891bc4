import type { Figure } from '../support/statistics.ts';

/** The median and its noise: `12 ± 3 %`. */
export function withNoise({ median, noise }: Figure): string {
  return `${rounded(median)} ± ${Math.round(noise * 100)} %`;
}

/** With as many digits as a reader can compare. */
export function rounded(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return value >= 10 ? value.toFixed(0) : value.toFixed(1);
}

/** A share of runs: only an exact 0 is shown as 0 %. */
export function shareText(share: number): string {
  return share === 0 ? '0 %' : `${(share * 100).toFixed(1)} %`;
}

/** A ratio and its noise, both in percent: `46 % ± 2`. */
export function ratioText({ median, noise }: Figure): string {
  return `${Math.round(median * 100)} % ± ${Math.round(median * noise * 100)}`;
}

/** Dollars and cents; with more digits where cents would show little. */
export function dollars(value: number): string {
  if (value > 0 && value < 0.01) return `$${value.toFixed(4)}`;
  return `$${value.toFixed(value > 0 && value < 1 ? 3 : 2)}`;
}
