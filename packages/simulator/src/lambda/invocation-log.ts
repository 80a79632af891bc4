import type { FunctionLogEvent } from './log-delivery.ts';

/** Bytes of the log that Invoke returns. */
const TAIL_BYTES = 4_096;
/** Events of one delivery, well below PutLogEvents' limits (10,000 events, 1 MiB). */
const CHUNK_EVENTS = 1_000;
/** Characters of one delivery. */
const CHUNK_CHARACTERS = 250_000;

/** The lines of one invocation, delivered in chunks, so that a function that prints without end takes no memory. */
export class InvocationLog {
  readonly #deliver: (events: FunctionLogEvent[]) => void;
  #chunk: FunctionLogEvent[] = [];
  #characters = 0;
  #tail = '';

  constructor(deliver: (events: FunctionLogEvent[]) => void) {
    this.#deliver = deliver;
  }

  add(event: FunctionLogEvent): void {
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

  /** The last 4 KB, for LogResult. */
  tail(): string {
    return Buffer.from(this.#tail).subarray(-TAIL_BYTES).toString();
  }
}
