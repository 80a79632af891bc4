import type { SQS } from '@aws-sdk/client-sqs';
import { AwsError } from '../core/aws-error.ts';
import type { Deps, LeavingCaller } from '../core/cloud.ts';
import { operationsOf } from '../core/operations.ts';
import { checkInteger, missingParameter, queryErrorCode } from './errors.ts';
import { describeReceived, describeSent, readDraft, type SendInput, senderOf, sizeBytesOf } from './message.ts';
import type { Queue } from './queue.ts';
import { MAX_MESSAGE_BYTES, MAX_VISIBILITY_SECONDS, MAX_WAIT_SECONDS } from './queue-attributes.ts';
import type { QueueStore } from './queue-store.ts';

const MAX_BATCH_ENTRIES = 10;

/** Send, receive, delete and hide messages, one at a time and in batches. */
export function messageOperations({ account }: Deps, store: QueueStore) {
  const { on } = store;
  const send = (queue: Queue, input: SendInput, caller: LeavingCaller) => {
    const draft = readDraft(input, queue.number('MaximumMessageSize'), senderOf(caller, account.accountId));
    return describeSent(input, queue.send(draft).id);
  };
  const changeVisibility = (queue: Queue, { ReceiptHandle = '', VisibilityTimeout: seconds }: VisibilityInput) => {
    checkInteger('VisibilityTimeout', seconds, MAX_VISIBILITY_SECONDS);
    if (seconds === undefined) throw missingParameter('VisibilityTimeout');
    queue.changeVisibility(ReceiptHandle, seconds);
  };
  return operationsOf<SQS>()('sqs', store.resourcesOf, {
    SendMessage: on((queue, input, caller) => send(queue, input, caller)),
    SendMessageBatch: on((queue, { Entries = [] }, caller) => {
      const sizeBytes = Entries.reduce((sum, entry) => sum + sizeBytesOf(entry), 0);
      if (sizeBytes > MAX_MESSAGE_BYTES) {
        throw new AwsError(
          'BatchRequestTooLong',
          `Batch requests cannot be longer than ${MAX_MESSAGE_BYTES} bytes. You have sent ${sizeBytes} bytes.`,
        );
      }
      return runBatch('SendMessage', Entries, (entry) => send(queue, entry, caller));
    }),
    ReceiveMessage: on(async (queue, input, { signal }) => {
      const { MaxNumberOfMessages: max = 1, VisibilityTimeout, WaitTimeSeconds } = input;
      checkInteger('MaxNumberOfMessages', max, 10, 1);
      checkInteger('VisibilityTimeout', VisibilityTimeout, MAX_VISIBILITY_SECONDS);
      checkInteger('WaitTimeSeconds', WaitTimeSeconds, MAX_WAIT_SECONDS);
      const waitSeconds = WaitTimeSeconds ?? queue.number('ReceiveMessageWaitTimeSeconds');
      const messages = await queue.receive({ max, visibilitySeconds: VisibilityTimeout, waitSeconds, signal });
      if (messages.length === 0) return {};
      const system = [...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])];
      return { Messages: messages.map((message) => describeReceived(message, system, input.MessageAttributeNames)) };
    }),
    DeleteMessage: on((queue, { ReceiptHandle = '' }) => queue.delete(ReceiptHandle)),
    DeleteMessageBatch: on((queue, { Entries = [] }) =>
      runBatch('DeleteMessage', Entries, ({ ReceiptHandle = '' }) => queue.delete(ReceiptHandle)),
    ),
    ChangeMessageVisibility: on((queue, input) => changeVisibility(queue, input)),
    ChangeMessageVisibilityBatch: on((queue, { Entries = [] }) =>
      runBatch('ChangeMessageVisibility', Entries, (entry) => changeVisibility(queue, entry)),
    ),
  });
}

type VisibilityInput = { readonly ReceiptHandle: string | undefined; readonly VisibilityTimeout?: number | undefined };

/**
 * Runs every entry, also after one fails. Throws AwsError for a batch that SQS rejects as a whole: empty, over ten
 * entries, ids repeated or malformed. Rethrows errors that are not AWS's: they are bugs.
 */
function runBatch<E extends { readonly Id: string | undefined }>(
  operation: string,
  entries: readonly E[],
  run: (entry: E) => unknown,
) {
  if (entries.length === 0) {
    throw new AwsError(
      'EmptyBatchRequest',
      `There should be at least one ${operation}BatchRequestEntry in the request.`,
    );
  }
  checkIds(entries.map(({ Id = '' }) => Id));
  const Successful: object[] = [];
  const Failed: object[] = [];
  for (const entry of entries) {
    try {
      Successful.push({ Id: entry.Id, ...(run(entry) as object | undefined) });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      const { code, status } = error;
      // SQS has two words for it.
      const message = error.message.replace('parameters are invalid. Reason', 'parameters cannot be validated. Reason');
      Failed.push({ Id: entry.Id, SenderFault: status < 500, Code: queryErrorCode(code), Message: message });
    }
  }
  return { Successful, Failed: Failed.length > 0 ? Failed : undefined };
}

function checkIds(ids: readonly string[]): void {
  if (ids.length > MAX_BATCH_ENTRIES) {
    throw new AwsError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${MAX_BATCH_ENTRIES}. You have sent ${ids.length}.`,
    );
  }
  if (!ids.every((id) => /^[\w-]{1,80}$/.test(id))) {
    throw new AwsError(
      'InvalidBatchEntryId',
      'A batch entry id can only contain alphanumeric characters, hyphens and underscores. ' +
        'It can be at most 80 letters long.',
    );
  }
  const repeated = ids.find((id, at) => ids.indexOf(id) < at);
  if (repeated !== undefined) throw new AwsError('BatchEntryIdsNotDistinct', `Id ${repeated} repeated.`);
}
