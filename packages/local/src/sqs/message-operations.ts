import { AwsError } from '../core/aws-error.ts';
import type { Deps, Operation } from '../core/cloud.ts';
import { checkBatch, runBatch } from './batch.ts';
import { draftSize, readDraft, type SendInput, sent } from './draft.ts';
import { checkRange, missingParameter } from './errors.ts';
import type { Queue } from './queue.ts';
import { MAX_MESSAGE_BYTES } from './queue-attributes.ts';
import type { QueueStore } from './queue-store.ts';
import { describeMessage } from './received-message.ts';
import type { LeavingCaller } from './sqs.ts';

// biome-ignore lint/suspicious/noExplicitAny: AWS's input shapes, see Operation
type Input = any;

/** Send, receive, delete and hide messages, one by one and in batches. */
export function messageOperations({ account }: Deps, store: QueueStore): Record<string, Operation> {
  // The batch operations have no actions of their own in IAM.
  const on = (action: string, run: (queue: Queue, input: Input, caller: LeavingCaller) => unknown): Operation => ({
    permissions: (input) => [{ action: `sqs:${action}`, resource: store.arnInUrl(input.QueueUrl) }],
    run: (input, caller) => run(store.byUrl(input.QueueUrl), input, caller),
  });

  return {
    SendMessage: on('SendMessage', (queue, input: SendInput, caller) => {
      const message = queue.send(readDraft(input, queue, caller, account.accountId));
      return sent(input, message.id);
    }),
    SendMessageBatch: on('SendMessage', (queue, input, caller) => {
      const entries: readonly (SendInput & { Id?: string })[] = checkBatch(
        input.Entries,
        'SendMessageBatchRequestEntry',
      );
      const size = entries.reduce((sum, entry) => sum + draftSize(entry), 0);
      if (size > MAX_MESSAGE_BYTES) {
        throw new AwsError(
          'BatchRequestTooLong',
          `Batch requests cannot be longer than ${MAX_MESSAGE_BYTES} bytes. You have sent ${size} bytes.`,
          400,
        );
      }
      return runBatch(entries, (entry) =>
        sent(entry, queue.send(readDraft(entry, queue, caller, account.accountId)).id),
      );
    }),
    ReceiveMessage: on('ReceiveMessage', async (queue, input, caller) => {
      const messages = await queue.receive({
        max: checkRange('MaxNumberOfMessages', input.MaxNumberOfMessages, 1, 10) ?? 1,
        visibilitySeconds: checkRange('VisibilityTimeout', input.VisibilityTimeout, 0, 43_200),
        waitSeconds:
          checkRange('WaitTimeSeconds', input.WaitTimeSeconds, 0, 20) ??
          Number(queue.attributes.get('ReceiveMessageWaitTimeSeconds')),
        signal: caller.signal,
      });
      if (messages.length === 0) return {};
      const system = [...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])];
      return { Messages: messages.map((message) => describeMessage(message, system, input.MessageAttributeNames)) };
    }),
    DeleteMessage: on('DeleteMessage', (queue, input) => {
      queue.delete(handle(input));
      return {};
    }),
    DeleteMessageBatch: on('DeleteMessage', (queue, input) =>
      runBatch(checkBatch(input.Entries, 'DeleteMessageBatchRequestEntry'), (entry: Input) => {
        queue.delete(handle(entry));
        return {};
      }),
    ),
    ChangeMessageVisibility: on('ChangeMessageVisibility', (queue, input) => {
      queue.changeVisibility(handle(input), visibility(input));
      return {};
    }),
    ChangeMessageVisibilityBatch: on('ChangeMessageVisibility', (queue, input) =>
      runBatch(checkBatch(input.Entries, 'ChangeMessageVisibilityBatchRequestEntry'), (entry: Input) => {
        queue.changeVisibility(handle(entry), visibility(entry));
        return {};
      }),
    ),
  };
}

function handle({ ReceiptHandle }: { ReceiptHandle?: unknown }): string {
  if (typeof ReceiptHandle !== 'string' || ReceiptHandle === '') throw missingParameter('ReceiptHandle');
  return ReceiptHandle;
}

function visibility({ VisibilityTimeout }: { VisibilityTimeout?: unknown }): number {
  const seconds = checkRange('VisibilityTimeout', VisibilityTimeout, 0, 43_200);
  if (seconds === undefined) throw missingParameter('VisibilityTimeout');
  return seconds;
}
