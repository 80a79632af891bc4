/** Below this interval, a log without a terminal gets no further line, in ms. */
const LOG_INTERVAL_MS = 10_000;

/** Shows how far something is: one line that changes on a terminal, a line now and then in a log. */
export class Progress {
  readonly #startedAt = Date.now();
  #loggedAt = Date.now();

  get seconds(): number {
    return (Date.now() - this.#startedAt) / 1000;
  }

  show(text: string): void {
    const line = `${text}, ${this.seconds.toFixed(0)} s`;
    if (process.stdout.isTTY) process.stdout.write(`\r${line}   `);
    else if (Date.now() - this.#loggedAt >= LOG_INTERVAL_MS) {
      this.#loggedAt = Date.now();
      console.log(line);
    }
  }

  end(): void {
    if (process.stdout.isTTY) process.stdout.write('\n');
  }
}
