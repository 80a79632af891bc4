import { ChangeMessageVisibilityCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import type { WorkQueue } from '../ports.ts';
import { type Client, send } from './client.ts';

/** The longest visibility timeout that SQS accepts, in seconds. */
const MAX_VISIBILITY_SECONDS = 43_200;
const MAX_REASON_CHARACTERS = 1000;

/** The queue of reconcile requests and its dead-letter queue. */
export function sqsWorkQueue(client: Client, queueUrl: string, deadLetterQueueUrl: string): WorkQueue {
  return {
    async requeue(receiptHandle, seconds) {
      const VisibilityTimeout = Math.min(MAX_VISIBILITY_SECONDS, Math.max(0, Math.ceil(seconds)));
      const message = { QueueUrl: queueUrl, ReceiptHandle: receiptHandle };
      await send(client, new ChangeMessageVisibilityCommand({ ...message, VisibilityTimeout }));
    },
    async enqueue(message) {
      await send(client, new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(message) }));
    },
    async deadLetter(body, reason) {
      const StringValue = reason.slice(0, MAX_REASON_CHARACTERS);
      await send(
        client,
        new SendMessageCommand({
          QueueUrl: deadLetterQueueUrl,
          MessageBody: body,
          MessageAttributes: { reason: { DataType: 'String', StringValue } },
        }),
      );
    },
  };
}
