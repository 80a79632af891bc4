import { type Caller, type Cloud, OperationNotImplemented } from '../core/cloud.ts';

/** One line with its time in epoch milliseconds, as PutLogEvents takes it. */
export interface FunctionLogEvent {
  readonly timestamp: number;
  readonly message: string;
}

/**
 * Writes lines to the logs service, with the permissions of the function's role. As on AWS, lines are lost without an
 * error if the role cannot write logs; the same holds if no logs service is registered.
 */
export class LogDelivery {
  readonly #cloud: Cloud;
  /** The last delivery of each stream, which the next one waits for. */
  readonly #pending = new Map<string, Promise<void>>();
  #registered = true;

  constructor(cloud: Cloud) {
    this.#cloud = cloud;
  }

  deliver(logGroupName: string, logStreamName: string, logEvents: FunctionLogEvent[], caller: Caller): void {
    if (!this.#registered || logEvents.length === 0) return;
    const key = `${logGroupName}\n${logStreamName}`;
    const before = this.#pending.get(key);
    const delivery = this.#deliver(before, { logGroupName, logStreamName }, logEvents, caller).finally(() => {
      if (this.#pending.get(key) === delivery) this.#pending.delete(key);
    });
    this.#pending.set(key, delivery);
  }

  async #deliver(
    before: Promise<void> | undefined,
    stream: { logGroupName: string; logStreamName: string },
    logEvents: FunctionLogEvent[],
    caller: Caller,
  ): Promise<void> {
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
      const code = (error as { code?: string }).code;
      if (error instanceof OperationNotImplemented) this.#registered = false;
      return code ?? 'InternalFailure';
    }
  }
}
