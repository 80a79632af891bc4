import type {
  ChangeMessageVisibilityBatchRequest,
  ChangeMessageVisibilityRequest,
  DeleteMessageBatchRequest,
  DeleteMessageRequest,
  ReceiveMessageRequest,
  SendMessageBatchRequest,
  SendMessageRequest,
} from '@aws-sdk/client-sqs';
import { AwsError } from '../core/aws-error.ts';
import type { Deps, LeavingCaller, Operation } from '../core/cloud.ts';
import { checkBatch, runBatchEntries } from './batch.ts';
import { draftSize, readDraft, type SendInput, sent } from './draft.ts';
import { checkIntegerParameter, missingParameter } from './errors.ts';
import type { Queue } from './queue.ts';
import { MAX_MESSAGE_BYTES } from './queue-attributes.ts';
import type { QueueInput, QueueStore } from './queue-store.ts';
import { describeMessage } from './received-message.ts';

/** Send, receive, delete and hide messages, one at a time and in batches. */
export function messageOperations({ account }: Deps, store: QueueStore): Record<string, Operation> {
  // Batch operations have no IAM action of their own.
  const on = <I extends QueueInput>(
    action: string,
    run: (queue: Queue, input: I, caller: LeavingCaller) => unknown,
  ): Operation<I> => ({
    permissions: (input) => [{ action: `sqs:${action}`, resource: store.arnInUrl(input.QueueUrl) }],
    run: (input, caller) => run(store.byUrl(input.QueueUrl), input, caller),
  });
  const send = (queue: Queue, input: SendInput, caller: LeavingCaller) =>
    sent(input, queue.send(readDraft(input, queue, caller, account.accountId)).id);

  return {
    SendMessage: on<SendMessageRequest>('SendMessage', send),
    SendMessageBatch: on<SendMessageBatchRequest>('SendMessage', (queue, { Entries }, caller) => {
      const entries = checkBatch(Entries, 'SendMessageBatchRequestEntry');
      checkBatchSize(entries);
      return runBatchEntries(entries, (entry) => send(queue, entry, caller));
    }),
    ReceiveMessage: on<ReceiveMessageRequest>('ReceiveMessage', (queue, input, caller) =>
      receive(queue, input, caller.signal),
    ),
    DeleteMessage: on<DeleteMessageRequest>('DeleteMessage', (queue, input) => remove(queue, input)),
    DeleteMessageBatch: on<DeleteMessageBatchRequest>('DeleteMessage', (queue, { Entries }) =>
      runBatchEntries(checkBatch(Entries, 'DeleteMessageBatchRequestEntry'), (entry) => remove(queue, entry)),
    ),
    ChangeMessageVisibility: on<ChangeMessageVisibilityRequest>('ChangeMessageVisibility', (queue, input) =>
      changeVisibility(queue, input),
    ),
    ChangeMessageVisibilityBatch: on<ChangeMessageVisibilityBatchRequest>(
      'ChangeMessageVisibility',
      (queue, { Entries }) =>
        runBatchEntries(checkBatch(Entries, 'ChangeMessageVisibilityBatchRequestEntry'), (entry) =>
          changeVisibility(queue, entry),
        ),
    ),
  };
}

function checkBatchSize(entries: readonly SendInput[]): void {
  const size = entries.reduce((sum, entry) => sum + draftSize(entry), 0);
  if (size <= MAX_MESSAGE_BYTES) return;
  throw new AwsError(
    'BatchRequestTooLong',
    `Batch requests cannot be longer than ${MAX_MESSAGE_BYTES} bytes. You have sent ${size} bytes.`,
    400,
  );
}

async function receive(queue: Queue, input: ReceiveMessageRequest, signal: AbortSignal | undefined) {
  const messages = await queue.receive({
    max: checkIntegerParameter('MaxNumberOfMessages', input.MaxNumberOfMessages, { min: 1, max: 10 }) ?? 1,
    visibilitySeconds: checkIntegerParameter('VisibilityTimeout', input.VisibilityTimeout, { min: 0, max: 43_200 }),
    waitSeconds:
      checkIntegerParameter('WaitTimeSeconds', input.WaitTimeSeconds, { min: 0, max: 20 }) ??
      Number(queue.attributes.get('ReceiveMessageWaitTimeSeconds')),
    signal,
  });
  if (messages.length === 0) return {};
  const system = [...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])];
  return { Messages: messages.map((message) => describeMessage(message, system, input.MessageAttributeNames)) };
}

function remove(queue: Queue, input: Pick<DeleteMessageRequest, 'ReceiptHandle'>): object {
  queue.delete(handle(input));
  return {};
}

type VisibilityInput = Pick<ChangeMessageVisibilityRequest, 'ReceiptHandle'> & { VisibilityTimeout?: number };

function changeVisibility(queue: Queue, input: VisibilityInput): object {
  queue.changeVisibility(handle(input), visibilitySeconds(input));
  return {};
}

function handle({ ReceiptHandle }: Pick<DeleteMessageRequest, 'ReceiptHandle'>): string {
  if (typeof ReceiptHandle !== 'string' || ReceiptHandle === '') throw missingParameter('ReceiptHandle');
  return ReceiptHandle;
}

function visibilitySeconds({ VisibilityTimeout }: VisibilityInput): number {
  const seconds = checkIntegerParameter('VisibilityTimeout', VisibilityTimeout, { min: 0, max: 43_200 });
  if (seconds === undefined) throw missingParameter('VisibilityTimeout');
  return seconds;
}
