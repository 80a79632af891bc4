/** How long an idle environment is kept, in ms. AWS does not document it; field reports say 5 to 15 minutes. */
export const ENVIRONMENT_KEPT_MS = 8 * 60_000;

/** Execution environments of one function: tells cold starts from warm ones. */
export class Environments {
  invocations = 0;
  coldStarts = 0;
  /** Seconds from events to answers: calls on their way and sleep, in virtual time. */
  seconds = 0;
  readonly #now: () => number;
  /** When each idle one was left. */
  #idle: number[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  enter(): { leave: () => void } {
    this.invocations += 1;
    const now = this.#now();
    this.#idle = this.#idle.filter((at) => now - at < ENVIRONMENT_KEPT_MS);
    if (this.#idle.pop() === undefined) this.coldStarts += 1;
    return {
      leave: () => {
        const left = this.#now();
        this.seconds += (left - now) / 1000;
        this.#idle.push(left);
      },
    };
  }

  /** Counts from here, with no environment left. */
  forget(): void {
    this.invocations = 0;
    this.coldStarts = 0;
    this.seconds = 0;
    this.#idle = [];
  }
}
