import { setTimeout as pause } from 'node:timers/promises';

/**
 * Asks `look` again and again until it gives something else than undefined or false; what it throws counts as undefined.
 * Rejects after `timeoutMs` (default 30 000) with what `got` says.
 */
export async function until<T>(
  expected: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  {
    timeoutMs = 30_000,
    everyMs = 25,
    got = () => '',
  }: { timeoutMs?: number; everyMs?: number; got?: () => unknown } = {},
): Promise<T> {
  const end = performance.now() + timeoutMs;
  let last: unknown;
  while (performance.now() < end) {
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
