import type { LogEvent } from './log-delivery.ts';

const tailBytes = 4_096;
/** Well below what one PutLogEvents takes (10,000 events, 1 MiB). */
const chunkEvents = 1_000;
const chunkCharacters = 250_000;

/** The lines of one invocation: handed on in chunks, so that a function that prints without end takes no memory. */
export class InvocationLog {
  readonly #deliver: (events: LogEvent[]) => void;
  #chunk: LogEvent[] = [];
  #characters = 0;
  #tail = '';

  constructor(deliver: (events: LogEvent[]) => void) {
    this.#deliver = deliver;
  }

  add(event: LogEvent): void {
    this.#chunk.push(event);
    this.#characters += event.message.length;
    this.#tail = `${this.#tail}${event.message}\n`.slice(-tailBytes);
    if (this.#chunk.length >= chunkEvents || this.#characters >= chunkCharacters) this.flush();
  }

  flush(): void {
    if (this.#chunk.length > 0) this.#deliver(this.#chunk);
    this.#chunk = [];
    this.#characters = 0;
  }

  /** The last 4 KB, as LogResult. */
  tail(): string {
    return Buffer.from(this.#tail).subarray(-tailBytes).toString();
  }
}
