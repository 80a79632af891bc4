import type { LogEvent } from './log-delivery.ts';

const TAIL_BYTES = 4_096;
/** Well below what one PutLogEvents takes (10,000 events, 1 MiB). */
const CHUNK_EVENTS = 1_000;
const CHUNK_CHARACTERS = 250_000;

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
    this.#tail = `${this.#tail}${event.message}\n`.slice(-TAIL_BYTES);
    if (this.#chunk.length >= CHUNK_EVENTS || this.#characters >= CHUNK_CHARACTERS) this.flush();
  }

  flush(): void {
    if (this.#chunk.length > 0) this.#deliver(this.#chunk);
    this.#chunk = [];
    this.#characters = 0;
  }

  /** The last 4 KB, as LogResult. */
  tail(): string {
    return Buffer.from(this.#tail).subarray(-TAIL_BYTES).toString();
  }
}
