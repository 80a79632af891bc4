import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from '#simulator/core/clock';
import type { Ids } from '#simulator/core/ids';

/** The machine's clock. Its timers keep the process alive, so each service cancels its own when it stops. */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule(delayMs, task) {
    const timer = setTimeout(task, Math.max(0, delayMs));
    return () => clearTimeout(timer);
  },
};

/** Random ids. */
export const systemIds: Ids = {
  uuid: () => randomUUID(),
  hex: (length) =>
    randomBytes(Math.ceil(length / 2))
      .toString('hex')
      .slice(0, length),
};
