import type { Message } from '@aws-sdk/client-sqs';
import { type Cancel, sleep } from '../core/clock.ts';
import { type Caller, type Deps, root } from '../core/cloud.ts';
import { functionNotFound } from './errors.ts';
import type { LambdaExtras, LambdaFunction } from './function.ts';
import type { InvocationResult, Invoker } from './invoker.ts';
import { roleCaller } from './names.ts';
import { failedMessageIds, sqsRecord } from './sqs-event.ts';

/** Wait of a long poll, in seconds: SQS's maximum, which Lambda uses too. */
const LONG_POLL_SECONDS = 20;
/** Concurrent batches without a ScalingConfig: the number Lambda starts with. */
const DEFAULT_CONCURRENCY = 5;
/** Pause after the first error; it doubles with each further one. */
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;

/** Settings of an event source mapping, with defaults for those that the requests left out. */
export interface MappingSettings {
  readonly Enabled: boolean;
  readonly BatchSize: number;
  readonly MaximumBatchingWindowInSeconds: number;
  /** ReportBatchItemFailures, or empty. */
  readonly FunctionResponseTypes: readonly string[];
  /** @default undefined, Lambda decides */
  readonly ScalingConfig: { readonly MaximumConcurrency?: number } | undefined;
}

/** What is kept of a mapping. */
export interface MappingState {
  readonly uuid: string;
  readonly queueArn: string;
  functionName: string;
  settings: MappingSettings;
  lastModified: Date;
  readonly tags: Record<string, string>;
}

/** What mappings work with. */
interface Surroundings {
  readonly deps: Deps;
  readonly extras: LambdaExtras;
  readonly functions: ReadonlyMap<string, LambdaFunction>;
  readonly invoker: Invoker;
}

interface Held {
  readonly message: Message;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
}

/**
 * Reads a queue for a function, with the permissions of the function's role. It runs one long poll at a time, and only
 * while a further batch could be invoked. A poll's answer is always awaited: it may hold messages that would be lost.
 */
export class EventSourceMapping {
  readonly state: MappingState;
  lastProcessingResult = 'No records processed';
  readonly #context: Surroundings;
  readonly #deps: Deps;
  #held: Held[] = [];
  #windowOver = false;
  #cancelWindow: Cancel | undefined;
  #cancelPause: Cancel | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #active = 0;
  /** The running poll; once aborted it takes no more messages. */
  #poll: AbortController | undefined;
  #started = false;
  #removed = false;
  #queueUrl: string | undefined;

  constructor(context: Surroundings, state: MappingState) {
    this.#context = context;
    this.#deps = context.deps;
    this.state = state;
  }

  /** `Creating` until the first poll; `Disabling` until the running batches are done. */
  get status(): 'Creating' | 'Enabled' | 'Disabling' | 'Disabled' | 'Deleting' {
    if (this.#removed) return 'Deleting';
    if (this.#settings.Enabled) return this.#started ? 'Enabled' : 'Creating';
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
    this.state.settings = settings;
    this.state.lastModified = new Date(this.#deps.clock.now());
    this.#resume();
    if (!settings.Enabled) this.#poll?.abort();
    if (this.#started) this.#pump();
  }

  /** Stops polling. Messages that a running poll still returns go back to the queue at once. */
  remove(): void {
    this.#removed = true;
    this.#poll?.abort();
    this.#resume();
    this.#closeWindow();
    void this.#handBack(this.#held.splice(0).map((held) => held.message));
  }

  get #settings(): MappingSettings {
    return this.state.settings;
  }

  get #function(): LambdaFunction | undefined {
    return this.#context.functions.get(this.state.functionName);
  }

  /** Starts the batches and the poll that can start now; called after every change of state. */
  #pump(): void {
    if (this.#removed) return;
    const concurrency = this.#settings.ScalingConfig?.MaximumConcurrency ?? DEFAULT_CONCURRENCY;
    while (this.#active < concurrency && this.#batchReady()) void this.#process(this.#takeBatch());
    const mayPoll = this.#settings.Enabled && !this.#poll && !this.#cancelPause;
    const hasRoom = this.#active < concurrency && this.#held.length < this.#settings.BatchSize;
    if (mayPoll && hasRoom) void this.#receive();
  }

  #batchReady(): boolean {
    if (this.#held.length === 0) return false;
    const { BatchSize, MaximumBatchingWindowInSeconds, Enabled } = this.#settings;
    const isFull = this.#held.length >= BatchSize;
    return isFull || this.#windowOver || MaximumBatchingWindowInSeconds === 0 || !Enabled;
  }

  async #receive(): Promise<void> {
    const poll = new AbortController();
    this.#poll = poll;
    const startedAt = this.#deps.clock.now();
    let messages: Message[] = [];
    try {
      const input = {
        MaxNumberOfMessages: Math.min(10, this.#settings.BatchSize - this.#held.length),
        WaitTimeSeconds: LONG_POLL_SECONDS,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      };
      const answer = await this.#callQueue<{ Messages?: Message[] }>('ReceiveMessage', input, poll.signal);
      messages = answer.Messages ?? [];
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
    if (this.#held.length === 0 && messages.length > 0) this.#openWindow();
    for (const message of messages) this.#held.push({ message, receivedAt: this.#deps.clock.now() });
    this.#pump();
  }

  #openWindow(): void {
    const { MaximumBatchingWindowInSeconds } = this.#settings;
    if (MaximumBatchingWindowInSeconds === 0) return;
    this.#cancelWindow = this.#deps.clock.schedule(MaximumBatchingWindowInSeconds * 1_000, () => {
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
    const batch = this.#held.splice(0, this.#settings.BatchSize);
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
    const fn = this.#function;
    if (!fn) return `Function not found: ${this.state.functionName}`;
    const { queueArn, settings } = this.state;
    const about = {
      queueArn,
      region: this.#deps.account.region,
      windowSeconds: settings.MaximumBatchingWindowInSeconds,
    };
    const Records = batch.map(({ message }) => sqsRecord(message, about));
    const payload = Buffer.from(JSON.stringify({ Records }));
    const result = await this.#invokeThrottled(fn, payload, batch[0]?.receivedAt ?? this.#deps.clock.now());
    if (result.failure) return 'Function call failed';
    const ids = new Set(batch.map(({ message }) => message.MessageId ?? ''));
    const failed =
      this.#settings.FunctionResponseTypes.length > 0 ? failedMessageIds(result.payload, ids) : new Set<string>();
    const done = batch.map(({ message }) => message).filter(({ MessageId }) => !failed.has(MessageId ?? ''));
    const undeleted = await this.#delete(done);
    return undeleted === 0 ? undefined : `${undeleted} messages could not be deleted from the queue`;
  }

  /**
   * Retries while the function is throttled, until the messages are visible again ("Handling errors for an SQS event
   * source in Lambda").
   */
  async #invokeThrottled(fn: LambdaFunction, payload: Buffer, receivedAt: number): Promise<InvocationResult> {
    const { deps, invoker } = this.#context;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
      try {
        return await invoker.invoke(fn, payload);
      } catch (error) {
        const { name, message } = error as Error;
        if (name !== 'TooManyRequestsException') throw error;
        // As root: the pollers know the queue's timeout without the role's permission.
        const visibilityMs = (await visibilitySeconds(deps, this.state.queueArn, root(deps.account))) * 1_000;
        if (deps.clock.now() + pauseMs >= receivedAt + visibilityMs) throw error;
        this.#problem(message);
      }
      await sleep(deps.clock, pauseMs);
      if (this.#removed) throw new Error('The event source mapping was deleted.');
    }
  }

  /** Returns how many messages are still in the queue. */
  async #delete(messages: readonly Message[]): Promise<number> {
    let undeleted = 0;
    for (let at = 0; at < messages.length; at += 10) {
      const Entries = messages
        .slice(at, at + 10)
        .map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      const answer = await this.#callQueue<{ Failed?: unknown[] }>('DeleteMessageBatch', { Entries });
      undeleted += answer.Failed?.length ?? 0;
    }
    return undeleted;
  }

  async #handBack(messages: readonly Message[]): Promise<void> {
    // As root: AWS's pollers stop without leaving a trace, so the messages must return without the role's permission.
    const caller = root(this.#deps.account);
    for (const { ReceiptHandle } of messages) {
      const input = { QueueUrl: this.#queueUrl, ReceiptHandle, VisibilityTimeout: 0 };
      await this.#deps.cloud.call('sqs', 'ChangeMessageVisibility', input, caller).catch(() => undefined);
    }
  }

  async #callQueue<O>(operation: string, input: object, signal?: AbortSignal): Promise<O> {
    const fn = this.#function;
    // Without its function a mapping leaves the messages in the queue.
    if (!fn) throw functionNotFound(this.state.functionName);
    const caller = { ...roleCaller(this.#deps.account, fn.settings.Role, fn.name), ...(signal && { signal }) };
    this.#queueUrl ??= await queueUrl(this.#deps, this.state.queueArn);
    return await this.#deps.cloud.call<O>('sqs', operation, { QueueUrl: this.#queueUrl, ...input }, caller);
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

  /** Tells a new problem, and not again while it persists. */
  #problem(message: string): void {
    const result = `PROBLEM: ${message}`;
    const { uuid, queueArn, functionName } = this.state;
    const line = `Event source mapping ${uuid} of ${queueArn}: ${result}`;
    if (this.lastProcessingResult !== result) {
      this.#context.extras.onLog?.({ functionName, line, at: this.#deps.clock.now() });
    }
    this.lastProcessingResult = result;
  }
}

/** The URL of a queue of this account. Throws QueueDoesNotExist. */
async function queueUrl({ account, cloud }: Deps, queueArn: string): Promise<string> {
  const input = { QueueName: queueArn.slice(queueArn.lastIndexOf(':') + 1) };
  // As root, because Lambda knows the queue by its ARN: the role needs no sqs:GetQueueUrl.
  return (await cloud.call<{ QueueUrl: string }>('sqs', 'GetQueueUrl', input, root(account))).QueueUrl;
}

/** The visibility timeout of a queue of this account. Throws QueueDoesNotExist or AccessDenied. */
export async function visibilitySeconds(deps: Deps, queueArn: string, caller: Caller): Promise<number> {
  const input = { QueueUrl: await queueUrl(deps, queueArn), AttributeNames: ['VisibilityTimeout'] };
  const { Attributes } = await deps.cloud.call('sqs', 'GetQueueAttributes', input, caller);
  return Number(Attributes.VisibilityTimeout);
}
