import { setTimeout as pause } from 'node:timers/promises';

export interface UntilOptions {
  readonly timeoutMs?: number;
  readonly everyMs?: number;
  readonly got?: () => unknown;
  readonly signal?: AbortSignal;
}

/**
 * Asks `look` again and again until it gives something else than undefined or false; what it throws counts as undefined.
 * Rejects after `timeoutMs` (default 30 000) with what `got` says, and as soon as `signal` is aborted.
 */
export async function until<T>(
  expected: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  { timeoutMs = 30_000, everyMs = 25, got = () => '', signal }: UntilOptions = {},
): Promise<T> {
  const end = performance.now() + timeoutMs;
  let last: unknown;
  while (performance.now() < end) {
    signal?.throwIfAborted();
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await pause(everyMs);
  }
  throw new Error(`waited ${timeoutMs} ms in vain until ${expected}; ${got()}`, { cause: last });
}
