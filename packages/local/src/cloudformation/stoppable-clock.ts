import type { Cancel, Clock } from '../core/clock.ts';

/** A clock whose open timers can all be cancelled at once: what waits on them then waits for ever. */
export interface StoppableClock extends Clock {
  stop(): void;
}

/** `clock`, with everything scheduled through the result cancelled by `stop()`. */
export function stoppableClock(clock: Clock): StoppableClock {
  const open = new Set<Cancel>();
  return {
    now: () => clock.now(),
    schedule(delayMs, task) {
      const cancel = clock.schedule(delayMs, () => {
        open.delete(cancel);
        task();
      });
      open.add(cancel);
      return () => {
        open.delete(cancel);
        cancel();
      };
    },
    stop() {
      for (const cancel of open) cancel();
      open.clear();
    },
  };
}
