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
export function invocationLog(deliver: LogDelivery, stream: LogStream) {
  let chunk: LogEvent[] = [];
  let characters = 0;
  let tail = '';
  const flush = () => {
    if (chunk.length > 0) deliver(stream, chunk);
    chunk = [];
    characters = 0;
  };
  return {
    flush,
    add(event: LogEvent): void {
      chunk.push(event);
      characters += EVENT_CHARACTERS + event.message.length;
      tail = `${tail}${event.message}\n`.slice(-TAIL_BYTES);
      if (characters >= CHUNK_CHARACTERS) flush();
    },
    /** The last 4 KB, for LogResult. */
    tail: () => Buffer.from(tail).subarray(-TAIL_BYTES).toString(),
  };
}

export type LogDelivery = ReturnType<typeof logDelivery>;

/**
 * Writes lines to the logs service, with the permissions of the function's role. As on AWS, lines are lost without an
 * error if the role cannot write logs; the same holds if no logs service is registered.
 */
export function logDelivery(cloud: Cloud) {
  /** The last delivery of each stream, which the next one waits for. */
  const pending = new Map<string, Promise<void>>();
  return (stream: LogStream, events: LogEvent[]): void => {
    const key = `${stream.logGroupName}\n${stream.logStreamName}`;
    const before = pending.get(key);
    const delivery = putEvents(cloud, before, stream, events).finally(() => {
      if (pending.get(key) === delivery) pending.delete(key);
    });
    pending.set(key, delivery);
  };
}

async function putEvents(
  cloud: Cloud,
  before: Promise<void> | undefined,
  { caller, ...stream }: LogStream,
  logEvents: LogEvent[],
): Promise<void> {
  await before;
  const { logGroupName } = stream;
  /** Returns the code of the error, if any. */
  const call = async (operation: string, input: unknown): Promise<string | undefined> => {
    try {
      await cloud.call('logs', operation, input, caller);
      return undefined;
    } catch (error) {
      return (error as { code?: string }).code ?? 'InternalFailure';
    }
  };
  const put = () => call('PutLogEvents', { ...stream, logEvents });
  const createStream = () => call('CreateLogStream', stream);
  if ((await put()) !== 'ResourceNotFoundException') return;
  if ((await createStream()) === 'ResourceNotFoundException') {
    await call('CreateLogGroup', { logGroupName });
    await createStream();
  }
  await put();
}
