import { AwsError } from '../core/aws-error.ts';
import type { Cancel, Clock } from '../core/clock.ts';
import type { Ids } from '../core/ids.ts';
import { invalidParameterValue, queueDoesNotExist } from './errors.ts';
import type { Draft, Message } from './message.ts';
import { MAX_VISIBILITY_SECONDS, parseRedrive, type QueueAttributes, type Redrive } from './queue-attributes.ts';

export interface ReceiveOptions {
  readonly max: number;
  /** Default: the queue's VisibilityTimeout. */
  readonly visibilitySeconds?: number;
  /** 0: answer at once. */
  readonly waitSeconds: number;
  /** Ends the wait, so that no message goes to a receiver that has gone. */
  readonly signal?: AbortSignal;
}

interface Waiter {
  readonly options: ReceiveOptions;
  settle(result: Message[] | AwsError): void;
}

export interface QueueDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  /** Finds a dead-letter queue by ARN. */
  findQueue(arn: string): Queue | undefined;
}

/** One standard queue: its messages, waiting receivers and timers. */
export class Queue {
  readonly arn: string;
  readonly createdAt: number;
  modifiedAt: number;
  readonly tags = new Map<string, string>();
  readonly #deps: QueueDeps;
  readonly #messages = new Map<string, Message>();
  readonly #waiters = new Set<Waiter>();
  #attributes: QueueAttributes;
  #redrive: Redrive | undefined;
  /** Before this instant no message can be past its retention. */
  #nothingExpiresBefore = 0;
  #wakeAt = Number.POSITIVE_INFINITY;
  #cancelWake: Cancel | undefined;

  constructor(arn: string, attributes: QueueAttributes, deps: QueueDeps, createdAt = deps.clock.now()) {
    this.arn = arn;
    this.#deps = deps;
    this.#attributes = attributes;
    this.#redrive = parseRedrive(attributes.get('RedrivePolicy'));
    this.createdAt = createdAt;
    this.modifiedAt = this.createdAt;
  }

  save() {
    const { arn, createdAt, modifiedAt, tags, attributes } = this;
    return { arn, createdAt, modifiedAt, tags, attributes, messages: [...this.#messages.values()] };
  }

  /** A queue as it was saved. A message that was in flight is visible again when its timeout is over. */
  static load({ messages, ...saved }: ReturnType<Queue['save']>, deps: QueueDeps): Queue {
    const queue = new Queue(saved.arn, saved.attributes, deps, saved.createdAt);
    queue.modifiedAt = saved.modifiedAt;
    for (const [key, value] of saved.tags) queue.tags.set(key, value);
    for (const message of messages) queue.#add(message);
    return queue;
  }

  get name(): string {
    return this.arn.slice(this.arn.lastIndexOf(':') + 1);
  }

  get attributes(): QueueAttributes {
    return this.#attributes;
  }

  /** Of an attribute that is a whole number. */
  number(name: string): number {
    return Number(this.#attributes.get(name));
  }

  setAttributes(attributes: QueueAttributes): void {
    this.#attributes = attributes;
    this.#redrive = parseRedrive(attributes.get('RedrivePolicy'));
    this.modifiedAt = this.#deps.clock.now();
    this.#nothingExpiresBefore = 0;
  }

  send(draft: Draft): Message {
    const { clock, ids } = this.#deps;
    const now = clock.now();
    const delay = draft.delaySeconds ?? this.number('DelaySeconds');
    const message: Message = { id: ids.uuid(), draft, sentAt: now, visibleAt: now + delay * 1000, receiveCount: 0 };
    this.#add(message);
    return message;
  }

  /** Takes up to `max` messages; waits up to `waitSeconds` for the first. */
  receive(options: ReceiveOptions): Message[] | Promise<Message[]> {
    const now = this.#take(options);
    if (now.length > 0 || options.waitSeconds === 0 || options.signal?.aborted) return now;
    return new Promise((resolve, reject) => {
      const leave = () => waiter.settle([]);
      const cancelDeadline = this.#deps.clock.schedule(options.waitSeconds * 1000, leave);
      const waiter: Waiter = {
        options,
        settle: (result) => {
          cancelDeadline();
          options.signal?.removeEventListener('abort', leave);
          this.#waiters.delete(waiter);
          this.#sleepIfIdle();
          if (result instanceof AwsError) reject(result);
          else resolve(result);
        },
      };
      options.signal?.addEventListener('abort', leave);
      this.#waiters.add(waiter);
      this.#wakeForNext();
    });
  }

  /** Accepts a handle that is no longer the latest, without effect, as SQS does. */
  delete(handle: string): void {
    const message = this.#byHandle(handle);
    if (message?.handle === handle) this.#messages.delete(message.id);
  }

  /** Accepts the handle of each receive, also when the message is visible again, as SQS does. */
  changeVisibility(handle: string, seconds: number): void {
    const now = this.#deps.clock.now();
    this.#expire(now);
    const message = this.#byHandle(handle);
    if (!message) {
      throw invalidParameterValue(
        `Value ${handle} for parameter ReceiptHandle is invalid. ` +
          'Reason: Message does not exist or is not available for visibility timeout change.',
      );
    }
    const until = now + seconds * 1000;
    if (until > (message.lastReceivedAt ?? now) + MAX_VISIBILITY_SECONDS * 1000) {
      throw invalidParameterValue(
        `Value ${seconds} for parameter VisibilityTimeout is invalid. ` +
          'Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds].',
      );
    }
    message.visibleAt = until;
    this.#visibilityChanged(message);
  }

  purge(): void {
    this.#messages.clear();
  }

  counts() {
    const now = this.#deps.clock.now();
    this.#expire(now);
    let [visible, inFlight, delayed] = [0, 0, 0];
    for (const message of this.#messages.values()) {
      if (message.visibleAt <= now) visible++;
      else if (message.receiveCount > 0) inFlight++;
      else delayed++;
    }
    return { visible, inFlight, delayed };
  }

  /** Empties a deleted queue; waiting receivers get QueueDoesNotExist. */
  close(): void {
    for (const waiter of [...this.#waiters]) waiter.settle(queueDoesNotExist());
    this.#messages.clear();
    this.#sleepIfIdle();
  }

  #add(message: Message): void {
    this.#messages.set(message.id, message);
    this.#nothingExpiresBefore = Math.min(this.#nothingExpiresBefore, message.sentAt + this.#retention());
    this.#visibilityChanged(message);
  }

  #take({ max, visibilitySeconds }: ReceiveOptions): Message[] {
    const { clock, ids } = this.#deps;
    const now = clock.now();
    this.#expire(now);
    const until = now + (visibilitySeconds ?? this.number('VisibilityTimeout')) * 1000;
    const taken: Message[] = [];
    for (const message of this.#messages.values()) {
      if (taken.length === max) break;
      if (message.visibleAt > now || this.#movedToDeadLetters(message)) continue;
      message.receiveCount++;
      message.firstReceivedAt ??= now;
      message.lastReceivedAt = now;
      message.visibleAt = until;
      message.handle = Buffer.from(`${this.arn} ${message.id} ${ids.hex(16)}`).toString('base64');
      // A copy, because the message in the queue changes later.
      taken.push({ ...message });
    }
    if (taken.length > 0) this.#wakeBy(until);
    return taken;
  }

  /** If the dead-letter queue was deleted, the message stays and continues to be delivered. */
  #movedToDeadLetters(message: Message): boolean {
    if (!this.#redrive || message.receiveCount < this.#redrive.maxReceiveCount) return false;
    const target = this.#deps.findQueue(this.#redrive.deadLetterTargetArn);
    if (!target || target === this) return false;
    this.#messages.delete(message.id);
    const { id, draft, sentAt, receiveCount, earlierReceives = 0 } = message;
    const moved = { id, draft, sentAt, receiveCount: 0, earlierReceives: earlierReceives + receiveCount };
    target.#add({ ...moved, visibleAt: this.#deps.clock.now(), deadLetterSource: this.arn });
    return true;
  }

  #byHandle(handle: string): Message | undefined {
    const [arn, id, receive] = Buffer.from(handle, 'base64').toString().split(' ');
    if (arn !== this.arn || id === undefined || receive === undefined) {
      throw new AwsError(
        'ReceiptHandleIsInvalid',
        `The input receipt handle "${handle}" is not a valid receipt handle.`,
      );
    }
    return this.#messages.get(id);
  }

  #expire(now: number): void {
    if (now < this.#nothingExpiresBefore) return;
    let earliest = Number.POSITIVE_INFINITY;
    for (const message of this.#messages.values()) {
      const expiresAt = message.sentAt + this.#retention();
      if (expiresAt <= now) this.#messages.delete(message.id);
      else earliest = Math.min(earliest, expiresAt);
    }
    this.#nothingExpiresBefore = earliest;
  }

  #visibilityChanged(message: Message): void {
    if (message.visibleAt <= this.#deps.clock.now()) this.#serve();
    else this.#wakeBy(message.visibleAt);
  }

  /** Gives available messages to waiting receivers in the order they came. */
  #serve(): void {
    for (const waiter of [...this.#waiters]) {
      const taken = this.#take(waiter.options);
      if (taken.length === 0) break;
      waiter.settle(taken);
    }
  }

  #wakeForNext(): void {
    const now = this.#deps.clock.now();
    for (const { visibleAt } of this.#messages.values()) if (visibleAt > now) this.#wakeBy(visibleAt);
  }

  /** Schedules nothing while no receiver waits. */
  #wakeBy(at: number): void {
    if (at >= this.#wakeAt || this.#waiters.size === 0) return;
    this.#cancelWake?.();
    this.#wakeAt = at;
    this.#cancelWake = this.#deps.clock.schedule(at - this.#deps.clock.now(), () => {
      this.#wakeAt = Number.POSITIVE_INFINITY;
      this.#cancelWake = undefined;
      this.#serve();
      this.#wakeForNext();
    });
  }

  #sleepIfIdle(): void {
    if (this.#waiters.size > 0) return;
    this.#cancelWake?.();
    this.#cancelWake = undefined;
    this.#wakeAt = Number.POSITIVE_INFINITY;
  }

  #retention(): number {
    return this.number('MessageRetentionPeriod') * 1000;
  }
}
