import { ChangeMessageVisibilityCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import type { Promises } from '../ports.ts';
import type { Client } from './client.ts';

/** SQS takes at most so many seconds of invisibility. */
const LONGEST = 43_200;

/** The queue of promises and its dead-letter queue. */
export function sqsPromises(client: Client, queueUrl: string, deadLetterQueueUrl: string): Promises {
  return {
    async back(receiptHandle, seconds) {
      await client.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: queueUrl,
          ReceiptHandle: receiptHandle,
          VisibilityTimeout: Math.min(LONGEST, Math.max(0, Math.ceil(seconds))),
        }),
      );
    },
    async send(message) {
      await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(message) }));
    },
    async fail(body, reason) {
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
