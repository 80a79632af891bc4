import { ChangeMessageVisibilityCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import type { WorkQueue } from '../ports.ts';
import type { Client } from './client.ts';

/** SQS takes at most so many seconds of invisibility. */
const LONGEST = 43_200;

/** The queue of promises and its dead-letter queue. */
export function sqsWorkQueue(client: Client, queueUrl: string, deadLetterQueueUrl: string): WorkQueue {
  return {
    async requeue(receiptHandle, seconds) {
      await client.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: queueUrl,
          ReceiptHandle: receiptHandle,
          VisibilityTimeout: Math.min(LONGEST, Math.max(0, Math.ceil(seconds))),
        }),
      );
    },
    async enqueue(message) {
      await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(message) }));
    },
    async deadLetter(body, reason) {
      await client.send(
        new SendMessageCommand({
          QueueUrl: deadLetterQueueUrl,
          MessageBody: body,
          MessageAttributes: { reason: { DataType: 'String', StringValue: reason.slice(0, 1000) } },
        }),
      );
    },
  };
}
