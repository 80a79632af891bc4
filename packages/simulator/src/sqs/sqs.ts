import type { Cancel } from '../core/clock.ts';
import type { Caller, Deps, Service } from '../core/cloud.ts';
import type { PolicyHolder } from '../core/policy-holder.ts';
import { queueDoesNotExist } from './errors.ts';
import { messageOperations } from './message-operations.ts';
import { queueOperations } from './queue-operations.ts';
import { QueueStore } from './queue-store.ts';
import { describeMessage, type ReceivedMessage } from './received-message.ts';

export interface SqsOptions {
  /** Start of queue URLs, to which SDKs send their calls: the gateway's URL. @default AWS's */
  readonly baseUrl?: () => string;
  /** Enforces the queues' policies. @default policies are stored and returned, not enforced */
  readonly iam?: PolicyHolder;
  /** How long the name of a deleted queue cannot be used again, in milliseconds. @default 60000, as on AWS */
  readonly nameReuseDelayMs?: number;
}

/** How to poll a queue for an event source mapping. */
export interface PollOptions {
  /** 1 or more; ReceiveMessage's limit of ten does not apply. */
  readonly maxNumberOfMessages: number;
  /** @default 0, return at once */
  readonly waitTimeSeconds?: number;
  readonly signal?: AbortSignal;
}

export interface Sqs {
  readonly service: Service;
  /**
   * ReceiveMessage without the limit of ten, with all attributes, under `caller`'s permissions.
   * Throws QueueDoesNotExist or AccessDeniedException.
   */
  poll(queueArn: string, options: PollOptions, caller: Caller): Promise<ReceivedMessage[]>;
  /**
   * Calls `listener` when a message can be received: once if there is one now, then whenever a message is sent or
   * becomes visible and no waiting receiver takes it. The clock makes the call. Throws QueueDoesNotExist.
   */
  onAvailable(queueArn: string, listener: () => void): Cancel;
  /** Cancels all timers; waiting receivers get QueueDoesNotExist. */
  stop(): void;
}

/** The SQS service, with standard queues. */
export function createSqs(deps: Deps, options: SqsOptions = {}): Sqs {
  const { account } = deps;
  const store = new QueueStore(deps, {
    baseUrl: options.baseUrl ?? (() => `https://sqs.${account.region}.amazonaws.com`),
    nameReuseDelayMs: options.nameReuseDelayMs ?? 60_000,
  });
  const existing = (queueArn: string) => {
    const queue = store.byArn(queueArn);
    if (!queue) throw queueDoesNotExist();
    return queue;
  };
  return {
    service: {
      name: 'sqs',
      operations: { ...queueOperations(deps, store, options.iam), ...messageOperations(deps, store) },
      durable: { save: () => store.save(), load: (saved) => store.load(saved) },
    },
    async poll(queueArn, { maxNumberOfMessages, waitTimeSeconds = 0, signal }, caller) {
      deps.cloud.authorize(caller, { action: 'sqs:ReceiveMessage', resource: queueArn });
      const queue = existing(queueArn);
      const messages = await queue.receive({ max: maxNumberOfMessages, waitSeconds: waitTimeSeconds, signal });
      return messages.map((message) => describeMessage(message, ['All'], ['All']));
    },
    onAvailable: (queueArn, listener) => existing(queueArn).onAvailable(listener),
    stop: () => store.close(),
  };
}
