import type { Caller, Deps, Service } from '../core/cloud.ts';
import { queueDoesNotExist } from './errors.ts';
import { describeReceived } from './message.ts';
import { messageOperations } from './message-operations.ts';
import { queueOperations } from './queue-operations.ts';
import { QueueStore, type SqsOptions } from './queue-store.ts';

/** How the simulation polls a queue. */
interface PollOptions {
  /** 1 or more; ReceiveMessage's limit of ten does not apply. */
  readonly maxNumberOfMessages: number;
  /** ReceiveMessage's limit of 20 does not apply. @default 0, return at once */
  readonly waitTimeSeconds?: number;
  readonly signal?: AbortSignal;
}

export interface Sqs {
  readonly service: Service;
  /**
   * ReceiveMessage without its limits, with all attributes, under `caller`'s permissions.
   * Throws QueueDoesNotExist or AccessDeniedException.
   */
  poll(queueArn: string, options: PollOptions, caller: Caller): Promise<ReturnType<typeof describeReceived>[]>;
  /** Cancels all timers; waiting receivers get QueueDoesNotExist. */
  stop(): void;
}

/** The SQS service, with standard queues. */
export function createSqs(deps: Deps, options: SqsOptions = {}): Sqs {
  const store = new QueueStore(deps, options);
  return {
    service: {
      name: 'sqs',
      operations: { ...queueOperations(deps, store), ...messageOperations(deps, store) },
      durable: { save: () => store.save(), load: (saved) => store.load(saved) },
    },
    async poll(queueArn, { maxNumberOfMessages, waitTimeSeconds = 0, signal }, caller) {
      deps.cloud.authorize(caller, { action: 'sqs:ReceiveMessage', resource: queueArn });
      const queue = store.byArn(queueArn);
      if (!queue) throw queueDoesNotExist();
      const messages = await queue.receive({ max: maxNumberOfMessages, waitSeconds: waitTimeSeconds, signal });
      return messages.map((message) => describeReceived(message, ['All'], ['All']));
    },
    stop() {
      for (const queue of store.queues.values()) queue.close();
    },
  };
}
