import { setTimeout as pause } from 'node:timers/promises';

export interface UntilOptions {
  /** Longest wait, in milliseconds. @default 120 000 */
  readonly timeoutMs?: number;
  /** Time between two evaluations, in milliseconds. @default 25 */
  readonly intervalMs?: number;
  /** The state instead, for the error. */
  readonly got?: () => unknown;
  readonly signal?: AbortSignal;
}

/** A safety net: waits end with the event that they wait for. */
const TIMEOUT_MS = 120_000;
const INTERVAL_MS = 25;

/**
 * Evaluates `condition` until it gives something other than undefined or false; an error counts as undefined. Rejects
 * after `timeoutMs`, and as soon as `signal` is aborted.
 */
export async function until<T>(
  expected: string,
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  { timeoutMs = TIMEOUT_MS, intervalMs = INTERVAL_MS, got = () => '', signal }: UntilOptions = {},
): Promise<T> {
  const end = performance.now() + timeoutMs;
  let last: unknown;
  while (performance.now() < end) {
    signal?.throwIfAborted();
    try {
      const found = await condition();
      if (found !== undefined && found !== false) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await pause(intervalMs);
  }
  throw new Error(`after ${timeoutMs} ms, expected: ${expected}; got: ${got()}`, { cause: last });
}
