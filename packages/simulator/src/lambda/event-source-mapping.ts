import type { Cancel } from '../core/clock.ts';
import { type Deps, root } from '../core/cloud.ts';
import { failedMessageIds } from './batch-failures.ts';
import { functionNotFound } from './errors.ts';
import type { LambdaFunction } from './function-state.ts';
import type { InvocationResult, Invoker } from './invoker.ts';
import type { MappingSettings } from './mapping-settings.ts';
import { roleCaller } from './names.ts';
import { type SqsMessage, sqsRecord } from './sqs-event.ts';

/** Wait of a long poll, in seconds: SQS's maximum, which Lambda uses too. */
const LONG_POLL_SECONDS = 20;
/** Concurrent batches without a ScalingConfig: the number Lambda starts with. */
const DEFAULT_CONCURRENCY = 5;
/** Maximum size of an event; a larger batch is split. */
const MAX_PAYLOAD_BYTES = 6 * 2 ** 20;
/** Pause after the first error; it doubles with each further one. */
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;

/** `Creating` until the first poll; `Disabling` until the running batches are done. */
export type MappingState = 'Creating' | 'Enabled' | 'Disabling' | 'Disabled' | 'Updating' | 'Deleting';

export interface MappingOptions {
  readonly deps: Deps;
  readonly invoker: Invoker;
  readonly uuid: string;
  readonly queueArn: string;
  readonly functionName: string;
  readonly settings: MappingSettings;
  /** Called at each use, because the function can be updated or deleted. */
  readonly findFunction: () => LambdaFunction | undefined;
  /** Called when a new problem occurs; not again while it persists. */
  readonly onProblem: (problem: string) => void;
}

interface Held {
  readonly message: SqsMessage;
  readonly json: string;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
}

/**
 * Reads a queue for a function, with the permissions of the function's role. It runs one long poll at a time, and only
 * while a further batch could be invoked. A poll's answer is always awaited: it may hold messages that would be lost.
 */
export class EventSourceMapping {
  readonly uuid: string;
  readonly queueArn: string;
  functionName: string;
  settings: MappingSettings;
  /** Epoch milliseconds. */
  lastModifiedMs: number;
  lastProcessingResult = 'No records processed';
  readonly #options: MappingOptions;
  readonly #deps: Deps;
  #held: Held[] = [];
  #heldBytes = 0;
  #windowOver = false;
  #cancelWindow: Cancel | undefined;
  #cancelPause: Cancel | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #active = 0;
  /** The running poll; once aborted it takes no more messages. */
  #poll: AbortController | undefined;
  /** Each ends the pause of a throttled batch. */
  readonly #throttled = new Set<() => void>();
  #started = false;
  #removed = false;
  #queueUrl: string | undefined;

  constructor(options: MappingOptions) {
    this.#options = options;
    this.#deps = options.deps;
    this.uuid = options.uuid;
    this.queueArn = options.queueArn;
    this.functionName = options.functionName;
    this.settings = options.settings;
    this.lastModifiedMs = options.deps.clock.now();
  }

  get state(): MappingState {
    if (this.#removed) return 'Deleting';
    if (this.settings.enabled) return this.#started ? 'Enabled' : 'Creating';
    return this.#poll || this.#active > 0 || this.#held.length > 0 ? 'Disabling' : 'Disabled';
  }

  /** Begins to poll after the operation that created the mapping has returned. */
  start(): void {
    this.#deps.clock.schedule(0, () => {
      this.#started = true;
      this.#pump();
    });
  }

  update(settings: MappingSettings): void {
    this.settings = settings;
    this.lastModifiedMs = this.#deps.clock.now();
    this.#resume();
    if (!settings.enabled) this.#poll?.abort();
    if (this.#started) this.#pump();
  }

  /** Stops polling. Messages that a running poll still returns go back to the queue at once. */
  remove(): void {
    this.#removed = true;
    this.#poll?.abort();
    this.#resume();
    for (const end of this.#throttled) end();
    this.#closeWindow();
    void this.#handBack(this.#held.splice(0).map((held) => held.message));
  }

  /** Starts the batches and the poll that can start now; called after every change of state. */
  #pump(): void {
    if (this.#removed) return;
    while (this.#active < this.#concurrency && this.#batchReady()) void this.#process(this.#takeBatch());
    const mayPoll = this.settings.enabled && !this.#poll && !this.#cancelPause;
    const hasRoom = this.#active < this.#concurrency && this.#held.length < this.settings.batchSize;
    if (mayPoll && hasRoom) void this.#receive();
  }

  get #concurrency(): number {
    return this.settings.maximumConcurrency ?? DEFAULT_CONCURRENCY;
  }

  #batchReady(): boolean {
    if (this.#held.length === 0) return false;
    const full = this.#held.length >= this.settings.batchSize || this.#heldBytes >= MAX_PAYLOAD_BYTES;
    return full || this.#windowOver || this.settings.windowSeconds === 0 || !this.settings.enabled;
  }

  async #receive(): Promise<void> {
    const poll = new AbortController();
    this.#poll = poll;
    const startedAt = this.#deps.clock.now();
    let messages: SqsMessage[] = [];
    try {
      const input = {
        MaxNumberOfMessages: Math.min(10, this.settings.batchSize - this.#held.length),
        WaitTimeSeconds: LONG_POLL_SECONDS,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      };
      const answer = await this.#callQueue('ReceiveMessage', input, poll.signal);
      messages = (answer as { Messages?: SqsMessage[] }).Messages ?? [];
      // Without a pause, polls that return empty at once would spin.
      const empty = messages.length === 0 && !poll.signal.aborted;
      if (empty && this.#deps.clock.now() === startedAt) this.#pause(FIRST_PAUSE_MS);
      if (messages.length === 0) this.#pauseMs = FIRST_PAUSE_MS;
    } catch (error) {
      this.#problem((error as Error).message);
      this.#backOff();
    }
    this.#poll = undefined;
    if (this.#removed) return await this.#handBack(messages);
    for (const message of messages) this.#hold(message);
    this.#pump();
  }

  #hold(message: SqsMessage): void {
    const json = JSON.stringify(sqsRecord(message, this.queueArn, this.#deps.account.region));
    if (this.#held.length === 0) this.#openWindow();
    this.#held.push({ message, json, receivedAt: this.#deps.clock.now() });
    this.#heldBytes += Buffer.byteLength(json) + 1;
  }

  #openWindow(): void {
    if (this.settings.windowSeconds === 0) return;
    this.#cancelWindow = this.#deps.clock.schedule(this.settings.windowSeconds * 1_000, () => {
      this.#windowOver = true;
      this.#pump();
    });
  }

  #closeWindow(): void {
    this.#cancelWindow?.();
    this.#cancelWindow = undefined;
    this.#windowOver = false;
  }

  #takeBatch(): Held[] {
    let bytes = '{"Records":[]}'.length;
    let count = 0;
    for (const { json } of this.#held.slice(0, this.settings.batchSize)) {
      bytes += Buffer.byteLength(json) + 1;
      if (count > 0 && bytes > MAX_PAYLOAD_BYTES) break;
      count += 1;
    }
    const batch = this.#held.splice(0, count);
    for (const { json } of batch) this.#heldBytes -= Buffer.byteLength(json) + 1;
    this.#closeWindow();
    if (this.#held.length > 0) this.#openWindow();
    return batch;
  }

  async #process(batch: Held[]): Promise<void> {
    this.#active += 1;
    try {
      const problem = await this.#invoke(batch);
      if (problem === undefined) {
        this.lastProcessingResult = 'OK';
        this.#pauseMs = FIRST_PAUSE_MS;
      } else {
        this.#problem(problem);
      }
    } catch (error) {
      // Throttled for too long, not runnable, or not deleted: the messages return when their visibility timeout ends.
      this.#problem((error as Error).message);
      this.#backOff();
    } finally {
      this.#active -= 1;
      this.#pump();
    }
  }

  /** Returns what went wrong, if anything. */
  async #invoke(batch: Held[]): Promise<string | undefined> {
    const fn = this.#options.findFunction();
    if (!fn) return `Function not found: ${this.functionName}`;
    const payload = Buffer.from(`{"Records":[${batch.map((held) => held.json).join(',')}]}`);
    const result = await this.#invokeThrottled(fn, payload, batch[0]?.receivedAt ?? this.#deps.clock.now());
    if (result.failure) return 'Function call failed';
    const ids = new Set(batch.map(({ message }) => message.MessageId));
    const failed = this.settings.reportBatchItemFailures ? failedMessageIds(result.payload, ids) : new Set<string>();
    const done = batch.map(({ message }) => message).filter(({ MessageId }) => !failed.has(MessageId));
    const undeleted = await this.#delete(done);
    return undeleted === 0 ? undefined : `${undeleted} messages could not be deleted from the queue`;
  }

  /**
   * Retries while the function is throttled, until the messages are visible again ("Handling errors for an SQS event
   * source in Lambda").
   */
  async #invokeThrottled(fn: LambdaFunction, payload: Buffer, receivedAt: number): Promise<InvocationResult> {
    const { clock } = this.#deps;
    let pauseMs = FIRST_PAUSE_MS;
    for (;;) {
      try {
        return await this.#options.invoker.invoke(fn, payload);
      } catch (error) {
        const { name, message } = error as Error;
        const resumesAt = clock.now() + pauseMs;
        if (name !== 'TooManyRequestsException' || resumesAt >= receivedAt + (await this.#visibilityMs())) throw error;
        this.#problem(message);
      }
      await this.#throttledPause(pauseMs);
      if (this.#removed) throw new Error('The event source mapping was deleted.');
      pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
    }
  }

  #throttledPause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        this.#throttled.delete(end);
        cancel();
        resolve();
      };
      const cancel = this.#deps.clock.schedule(delayMs, end);
      this.#throttled.add(end);
    });
  }

  /** The queue's. As root: the pollers know it without the role's permission. */
  async #visibilityMs(): Promise<number> {
    const input = { QueueUrl: this.#queueUrl, AttributeNames: ['VisibilityTimeout'] };
    const answer = await this.#deps.cloud.call('sqs', 'GetQueueAttributes', input, root(this.#deps.account));
    const { Attributes } = answer as { Attributes: { VisibilityTimeout: string } };
    return Number(Attributes.VisibilityTimeout) * 1_000;
  }

  async #delete(messages: readonly SqsMessage[]): Promise<number> {
    let undeleted = 0;
    for (let at = 0; at < messages.length; at += 10) {
      const Entries = messages
        .slice(at, at + 10)
        .map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      const answer = (await this.#callQueue('DeleteMessageBatch', { Entries })) as { Failed?: unknown[] };
      undeleted += answer.Failed?.length ?? 0;
    }
    return undeleted;
  }

  async #handBack(messages: readonly SqsMessage[]): Promise<void> {
    // As root: AWS's pollers stop without leaving a trace, so the messages must return without the role's permission.
    const caller = root(this.#deps.account);
    for (const { ReceiptHandle } of messages) {
      const input = { QueueUrl: this.#queueUrl, ReceiptHandle, VisibilityTimeout: 0 };
      await this.#deps.cloud.call('sqs', 'ChangeMessageVisibility', input, caller).catch(() => undefined);
    }
  }

  async #callQueue(operation: string, input: object, signal?: AbortSignal): Promise<unknown> {
    const fn = this.#options.findFunction();
    // Without its function a mapping leaves the messages in the queue.
    if (!fn) throw functionNotFound(this.functionName);
    const caller = { ...roleCaller(this.#deps.account, fn.settings.Role, fn.name), ...(signal && { signal }) };
    this.#queueUrl ??= await queueUrl(this.#deps, this.queueArn);
    return await this.#deps.cloud.call('sqs', operation, { QueueUrl: this.#queueUrl, ...input }, caller);
  }

  #backOff(): void {
    this.#pause(this.#pauseMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, MAX_PAUSE_MS);
  }

  #pause(delayMs: number): void {
    this.#resume();
    this.#cancelPause = this.#deps.clock.schedule(delayMs, () => {
      this.#cancelPause = undefined;
      this.#pump();
    });
  }

  #resume(): void {
    this.#cancelPause?.();
    this.#cancelPause = undefined;
  }

  #problem(message: string): void {
    const result = `PROBLEM: ${message}`;
    if (this.lastProcessingResult !== result) this.#options.onProblem(result);
    this.lastProcessingResult = result;
  }
}

/** The URL of a queue of this account. Throws QueueDoesNotExist. */
export async function queueUrl(deps: Deps, queueArn: string): Promise<string> {
  const input = { QueueName: queueArn.slice(queueArn.lastIndexOf(':') + 1) };
  // As root, because Lambda knows the queue by its ARN: the role needs no sqs:GetQueueUrl.
  const answer = (await deps.cloud.call('sqs', 'GetQueueUrl', input, root(deps.account))) as { QueueUrl: string };
  return answer.QueueUrl;
}
