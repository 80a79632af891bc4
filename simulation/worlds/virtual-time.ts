import type { VirtualClock } from '@freshpoint/simulator/core/virtual-clock';

const HOUR_MS = 3_600_000;
/** How long work may take in virtual time, in ms. */
const LONGEST_RUN_MS = 24 * HOUR_MS;

/**
 * Waits until all work is done that needs no time to pass: a tick requested by a microtask comes once no microtask is
 * left. Must be called from one, that is after an `await`.
 */
export function quiet(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

/** Advances time until `atMs`, as far as anything is scheduled. */
export async function passUntil(clock: VirtualClock, atMs: number): Promise<void> {
  await quiet();
  for (let next = clock.nextAt(); next !== undefined && next <= atMs; next = clock.nextAt()) {
    clock.step();
    await quiet();
  }
}

/** Advances time until the work is done. Throws when nothing is scheduled any more. */
export async function settleInVirtualTime<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  const until = clock.now() + LONGEST_RUN_MS;
  let isSettled = false;
  const settled = work.finally(() => {
    isSettled = true;
  });
  settled.catch(() => undefined);
  for (;;) {
    await quiet();
    if (isSettled) return await settled;
    if (clock.now() > until) throw new Error(`The work is still unfinished after ${LONGEST_RUN_MS / HOUR_MS} h.`);
    if (!clock.step()) throw new Error('Nothing is scheduled any more, and the work is unfinished.');
  }
}
