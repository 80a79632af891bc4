import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { type Client, send } from '@freshpoint/engine/adapters/client';
import { CommandFailure } from '../command-failure.ts';
import { explainErrors } from './aws-errors.ts';
import type { ClientConfig } from './client-config.ts';

/** A message in a dead-letter queue. */
export interface DeadLetter {
  readonly body: string;
  /** Why the controller gave it up. */
  readonly reason?: string;
}

/** The dead-letter queues of an account. */
export interface DeadLetters {
  /** Moves the dead letters of this work queue that are chosen back to it, and returns them. */
  move(queueUrl: string, isChosen: (letter: DeadLetter) => boolean): Promise<DeadLetter[]>;
}

/** How long other readers do not see a message that was received, in seconds. */
const VISIBILITY_SECONDS = 30;
/** How long an empty queue is asked, in seconds: a short poll may overlook messages. */
const WAIT_SECONDS = 1;

/** The SDK's client, configured as the AWS CLI is. */
export function deadLettersOf(config: ClientConfig): DeadLetters {
  return sqsDeadLetters(new SQSClient(config));
}

/** The queues behind the client. */
function sqsDeadLetters(sqs: Client): DeadLetters {
  return {
    async move(queueUrl, isChosen) {
      const from = await deadLetterQueueOf(sqs, queueUrl);
      const moved: DeadLetter[] = [];
      const others: string[] = [];
      await explainErrors('sqs:ReceiveMessage, SendMessage and DeleteMessage', from, async () => {
        for (let letters = await receive(sqs, from); letters.length > 0; letters = await receive(sqs, from)) {
          for (const { handle, letter } of letters) {
            if (!isChosen(letter)) {
              others.push(handle);
              continue;
            }
            // Sent before it is deleted: after a crash there are two, and a request for a pass can be doubled.
            await send(sqs, new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: letter.body }));
            await send(sqs, new DeleteMessageCommand({ QueueUrl: from, ReceiptHandle: handle }));
            moved.push(letter);
          }
        }
        for (const ReceiptHandle of others) {
          const visible = { QueueUrl: from, ReceiptHandle, VisibilityTimeout: 0 };
          await send(sqs, new ChangeMessageVisibilityCommand(visible));
        }
      });
      return moved;
    },
  };
}

async function receive(sqs: Client, queueUrl: string) {
  const { Messages = [] } = await send(
    sqs,
    new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: 10,
      MessageAttributeNames: ['reason'],
      VisibilityTimeout: VISIBILITY_SECONDS,
      WaitTimeSeconds: WAIT_SECONDS,
    }),
  );
  return Messages.map(({ ReceiptHandle: handle = '', Body: body = '', MessageAttributes }) => {
    const reason = MessageAttributes?.reason?.StringValue;
    return { handle, letter: { body, ...(reason !== undefined && { reason }) } };
  });
}

/** The URL of the queue that the work queue names in its redrive policy. */
async function deadLetterQueueOf(sqs: Client, queueUrl: string): Promise<string> {
  return explainErrors('sqs:GetQueueAttributes and GetQueueUrl', queueUrl, async () => {
    const asked = { QueueUrl: queueUrl, AttributeNames: ['RedrivePolicy' as const] };
    const { Attributes } = await send(sqs, new GetQueueAttributesCommand(asked));
    const policy = JSON.parse(Attributes?.RedrivePolicy ?? '{}') as { readonly deadLetterTargetArn?: string };
    const name = policy.deadLetterTargetArn?.split(':').at(-1);
    if (name === undefined) throw new CommandFailure(`${queueUrl} has no dead-letter queue. Deploy the stack again.`);
    const { QueueUrl = '' } = await send(sqs, new GetQueueUrlCommand({ QueueName: name }));
    return QueueUrl;
  });
}
