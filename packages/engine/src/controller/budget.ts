/** Time budget of one pass, in ms; the rest is requeued. The function's timeout is 60 s. */
export const PASS_BUDGET_MS = 35_000;
/** Pause before what a pass had no time to finish is continued, in seconds. */
export const RESUME_SECONDS = 1;

/** The time that is left to one pass for copying and reading. */
export interface PassBudget {
  readonly isUp: () => boolean;
}

/** A budget that starts now. */
export function startBudget(now: () => number): PassBudget {
  const startedAt = now();
  return { isUp: () => now() - startedAt >= PASS_BUDGET_MS };
}
