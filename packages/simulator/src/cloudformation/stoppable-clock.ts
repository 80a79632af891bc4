import type { Cancel, Clock } from '../core/clock.ts';

/** A clock whose timers can all be cancelled at once. Code that waits for one of them then waits forever. */
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
