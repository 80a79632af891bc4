import type { Caller, Cloud } from '../core/cloud.ts';

/** One line with its time in epoch milliseconds, as PutLogEvents takes it. */
export interface LogEvent {
  readonly timestamp: number;
  readonly message: string;
}

/**
 * Hands lines to the logs service, as the function's role. As in AWS a role that may not write logs is no error: the
 * lines are lost. The same where no logs service is registered.
 */
export class LogDelivery {
  readonly #cloud: Cloud;
  /** The last delivery of each stream: the next one waits for it. */
  readonly #pending = new Map<string, Promise<void>>();
  #registered = true;

  constructor(cloud: Cloud) {
    this.#cloud = cloud;
  }

  deliver(logGroupName: string, logStreamName: string, logEvents: LogEvent[], caller: Caller): void {
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
    logEvents: LogEvent[],
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

  /** The code of the error, if any. */
  async #call(operation: string, input: unknown, caller: Caller): Promise<string | undefined> {
    try {
      await this.#cloud.call('logs', operation, input, caller);
      return undefined;
    } catch (error) {
      const code = (error as { code?: string }).code;
      if (code === 'UnknownService') this.#registered = false;
      return code ?? 'InternalFailure';
    }
  }
}
