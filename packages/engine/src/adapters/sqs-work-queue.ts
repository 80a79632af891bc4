import { ChangeMessageVisibilityCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import type { WorkQueue } from '../ports.ts';
import { type Client, send } from './client.ts';

/**
 * The longest visibility timeout, in seconds. SQS accepts 12 hours from when the message was received, which was before
 * the batching window and the pass.
 */
const MAX_VISIBILITY_SECONDS = 43_200 - 120;
const MAX_REASON_CHARACTERS = 1000;
/** Longer bodies, which are no requests, leave a dead letter no room for its reason. */
const MAX_BODY_CHARACTERS = 60_000;

/** Where the queues are, and how the function is invoked with their messages. */
export interface WorkQueueSettings {
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  /** For how long requests are gathered before the function is invoked with them, in seconds. */
  readonly batchingWindow: number;
}

/** The queue of reconcile requests and its dead-letter queue. */
export function sqsWorkQueue(
  client: Client,
  { queueUrl, deadLetterQueueUrl, batchingWindow }: WorkQueueSettings,
): WorkQueue {
  return {
    batchingWindow,
    async requeue(receiptHandle, seconds) {
      // The window opens when the message is visible, and the function gets it when the window closes.
      const invisible = Math.ceil(seconds) - batchingWindow;
      const VisibilityTimeout = Math.min(MAX_VISIBILITY_SECONDS, Math.max(0, invisible));
      const message = { QueueUrl: queueUrl, ReceiptHandle: receiptHandle };
      await send(client, new ChangeMessageVisibilityCommand({ ...message, VisibilityTimeout }));
    },
    async enqueue(message) {
      await send(client, new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(message) }));
    },
    async deadLetter(body, reason) {
      const StringValue = reason.slice(0, MAX_REASON_CHARACTERS).toWellFormed();
      await send(
        client,
        new SendMessageCommand({
          QueueUrl: deadLetterQueueUrl,
          MessageBody: body.slice(0, MAX_BODY_CHARACTERS).toWellFormed(),
          MessageAttributes: { reason: { DataType: 'String', StringValue } },
        }),
      );
    },
  };
}
