import type { Cancel } from '../core/clock.ts';
import type { Caller, Deps, Service } from '../core/cloud.ts';
import { queueDoesNotExist } from './errors.ts';
import { messageOperations } from './message-operations.ts';
import { queueOperations } from './queue-operations.ts';
import { QueueStore } from './queue-store.ts';
import { describeMessage, type ReceivedMessage } from './received-message.ts';

export interface SqsOptions {
  /** Start of queue URLs, e.g. the gateway's. SDKs send their calls there. Default: AWS's, for runs without a gateway. */
  readonly baseUrl?: () => string;
  /** Takes the queues' own policies. Default: they are kept and told, and nobody asks them. */
  readonly iam?: { setResourcePolicy(resourceArn: string, document: string | undefined): void };
  /** How long a deleted queue's name stays taken, in milliseconds. Default: 60,000, as in AWS. */
  readonly nameReuseDelayMs?: number;
}

/** A caller who may leave before the answer. */
export interface LeavingCaller extends Caller {
  /** Aborted when the caller is gone: a long poll then takes no message. */
  readonly signal?: AbortSignal;
}

/** What an event source mapping asks of a queue. */
export interface PollOptions {
  /** At most this many messages: 1 or more, not bounded by ReceiveMessage's ten. */
  readonly maxNumberOfMessages: number;
  /** Default: 0, answer at once. */
  readonly waitTimeSeconds?: number;
  readonly signal?: AbortSignal;
}

export interface Sqs {
  readonly service: Service;
  /**
   * ReceiveMessage for the event source mapping, which isn't bound to ten: all attributes, under `caller`'s permissions.
   * @throws AwsError QueueDoesNotExist, AccessDeniedException
   */
  poll(queueArn: string, options: PollOptions, caller: Caller): Promise<ReceivedMessage[]>;
  /**
   * Calls `listener` once when there is something to receive now, then each time that a message is sent or becomes visible and
   * no waiting receiver takes it. The call comes from the clock. A deleted queue falls silent.
   * @throws AwsError QueueDoesNotExist
   */
  onAvailable(queueArn: string, listener: () => void): Cancel;
  /** Cancels what is scheduled; waiting receivers get QueueDoesNotExist. */
  stop(): void;
}

/** Makes the SQS service: standard queues. */
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
