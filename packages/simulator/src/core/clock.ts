/** Time as the services see it: the machine's on a laptop, virtual in the simulation. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `task` once, `delayMs` from now (0: after the current work). Returns the function that cancels it. */
  schedule(delayMs: number, task: () => void): Cancel;
}

export type Cancel = () => void;

/** Resolves after `delayMs` on `clock`. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => clock.schedule(delayMs, resolve));
}

/** A clock that is ahead of `clock` by `ms`. */
export function skewed(clock: Clock, ms: number): Clock {
  return { now: () => clock.now() + ms, schedule: (delayMs, task) => clock.schedule(delayMs, task) };
}
