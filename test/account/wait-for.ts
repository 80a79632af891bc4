import { setTimeout as sleep } from 'node:timers/promises';

/** How to wait. */
export interface Patience {
  /** Time between two checks, in milliseconds. */
  readonly pollMs: number;
  /** Longest wait for one thing, in milliseconds. */
  readonly timeoutMs: number;
  /** Ends every wait: Ctrl-C, or the deadline of the run. */
  readonly signal: AbortSignal;
}

/** Sleeps; rejects with the signal's reason as soon as it is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await sleep(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
}

/**
 * Calls `check` until it returns something. Its errors end the wait. `got` says what was seen last, for the error after
 * `timeoutMs`.
 */
export async function waitFor<T>(
  { pollMs, timeoutMs, signal }: Patience,
  expected: string,
  check: () => Promise<T | undefined>,
  got: () => string = () => 'nothing',
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    signal.throwIfAborted();
    const found = await check();
    if (found !== undefined) return found;
    if (performance.now() > end) {
      throw new Error(`Waited ${Math.round(timeoutMs / 60_000)} minutes for: ${expected}. Got: ${got()}.`);
    }
    await pause(pollMs, signal);
  }
}
