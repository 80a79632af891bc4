import type { Cancel, Clock } from './clock.ts';

/** A clock that can be stopped: none of its timers runs any more, and what waits for one waits forever. */
export interface StoppableClock extends Clock {
  stop(): void;
}

/** `clock`, until `stop()`. */
export function stoppableClock(clock: Clock): StoppableClock {
  const open = new Set<Cancel>();
  let isStopped = false;
  return {
    now: () => clock.now(),
    schedule(delayMs, task) {
      if (isStopped) return () => undefined;
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
      isStopped = true;
      for (const cancel of open) cancel();
      open.clear();
    },
  };
}
