/** Time as the services see it: real in the demo, virtual in the simulation. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `task` once, `delayMs` from now (0: as soon as the current work is done). Returns a function that cancels it. */
  schedule(delayMs: number, task: () => void): Cancel;
}

export type Cancel = () => void;

/** Resolves after `delayMs` on `clock`. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => clock.schedule(delayMs, resolve));
}

/** The machine's clock. Its timers keep the process alive; whoever schedules cancels on stop. */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule(delayMs, task) {
    const timer = setTimeout(task, Math.max(0, delayMs));
    return () => clearTimeout(timer);
  },
};
