import { drain, type VirtualClock } from '../../src/core/virtual-clock.ts';

/** Moves the clock until the promise settles or nothing is scheduled. */
export async function runUntilSettled<T>(clock: VirtualClock, promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const settled = promise.finally(() => {
    isSettled = true;
  });
  settled.catch(() => undefined);
  for (;;) {
    await drain();
    if (isSettled || !clock.step()) break;
  }
  return await settled;
}
