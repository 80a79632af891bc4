import type { Caller, Cloud } from '../core/cloud.ts';

/** Bytes of the log that Invoke returns. */
const TAIL_BYTES = 4_096;
/** Characters of one delivery, and of each event beside its message: well below PutLogEvents' limits. */
const CHUNK_CHARACTERS = 250_000;
const EVENT_CHARACTERS = 250;

/** Where the lines of an environment go, and the role that writes them. */
interface LogStream {
  readonly logGroupName: string;
  readonly logStreamName: string;
  readonly caller: Caller;
}

/** One line with its time in epoch milliseconds, as PutLogEvents takes it. */
interface LogEvent {
  readonly timestamp: number;
  readonly message: string;
}

/** The lines of one invocation, delivered in chunks, so that a function that prints without end takes no memory. */
export class InvocationLog {
  readonly #deliver: (events: LogEvent[]) => void;
  #chunk: LogEvent[] = [];
  #characters = 0;
  #tail = '';

  constructor(delivery: LogDelivery, stream: LogStream) {
    this.#deliver = (events) => delivery.deliver(stream, events);
  }

  add(event: LogEvent): void {
    this.#chunk.push(event);
    this.#characters += EVENT_CHARACTERS + event.message.length;
    this.#tail = `${this.#tail}${event.message}\n`.slice(-TAIL_BYTES);
    if (this.#characters >= CHUNK_CHARACTERS) this.flush();
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

/**
 * Writes lines to the logs service, with the permissions of the function's role. As on AWS, lines are lost without an
 * error if the role cannot write logs; the same holds if no logs service is registered.
 */
export class LogDelivery {
  readonly #cloud: Cloud;
  /** The last delivery of each stream, which the next one waits for. */
  readonly #pending = new Map<string, Promise<void>>();

  constructor(cloud: Cloud) {
    this.#cloud = cloud;
  }

  deliver(stream: LogStream, logEvents: LogEvent[]): void {
    const key = `${stream.logGroupName}\n${stream.logStreamName}`;
    const before = this.#pending.get(key);
    const delivery = this.#deliver(before, stream, logEvents).finally(() => {
      if (this.#pending.get(key) === delivery) this.#pending.delete(key);
    });
    this.#pending.set(key, delivery);
  }

  async #deliver(before: Promise<void> | undefined, { caller, ...stream }: LogStream, logEvents: LogEvent[]) {
    await before;
    const { logGroupName } = stream;
    const put = () => this.#call('PutLogEvents', { ...stream, logEvents }, caller);
    const createStream = () => this.#call('CreateLogStream', stream, caller);
    if ((await put()) !== 'ResourceNotFoundException') return;
    if ((await createStream()) === 'ResourceNotFoundException') {
      await this.#call('CreateLogGroup', { logGroupName }, caller);
      await createStream();
    }
    await put();
  }

  /** Returns the code of the error, if any. */
  async #call(operation: string, input: unknown, caller: Caller): Promise<string | undefined> {
    try {
      await this.#cloud.call('logs', operation, input, caller);
      return undefined;
    } catch (error) {
      return (error as { code?: string }).code ?? 'InternalFailure';
    }
  }
}
