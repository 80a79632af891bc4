import { createHash } from 'node:crypto';
import type { SendMessageCommandInput } from '@aws-sdk/client-sqs';
import { AwsError } from '../core/aws-error.ts';
import type { Caller } from '../core/cloud.ts';
import { unlessEmpty } from '../core/unless-empty.ts';
import { invalidParameterValue, missingParameter, noFifo } from './errors.ts';
import {
  attributesMd5,
  attributesSize,
  checkMessageAttributes,
  hasInvalidCharacters,
  INVALID_CHARACTERS,
  type MessageAttributes,
  selectAttributes,
} from './message-attributes.ts';

const MAX_DELAY_SECONDS = 900;

/** The members that SendMessage and an entry of SendMessageBatch share. */
export type SendInput = Omit<SendMessageCommandInput, 'QueueUrl'>;

/** A message before it is sent. */
export interface Draft {
  readonly body: string;
  readonly attributes: MessageAttributes;
  readonly senderId: string;
  readonly traceHeader?: string;
  readonly groupId?: string;
  /** Default: the queue's DelaySeconds. */
  readonly delaySeconds?: number;
}

/** A message in a queue. Times are epoch milliseconds. */
export interface Message {
  readonly id: string;
  readonly draft: Draft;
  readonly sentAt: number;
  /** ARN of the queue whose redrive policy moved it here. */
  readonly deadLetterSource?: string;
  /** Receives from the queues that the message was in before. */
  readonly earlierReceives?: number;
  visibleAt: number;
  receiveCount: number;
  firstReceivedAt?: number;
  lastReceivedAt?: number;
  /** Receipt handle of the latest receive, the only one that deletes. */
  handle?: string;
}

/** Bytes that count against MaximumMessageSize. */
export function sizeBytesOf({ MessageBody = '', MessageAttributes = {} }: SendInput): number {
  return Buffer.byteLength(MessageBody) + attributesSize(MessageAttributes);
}

/** Checks a message of at most `maxBytes` before it is sent. Throws AwsError. */
export function readDraft(input: SendInput, maxBytes: number, senderId: string): Draft {
  const { MessageBody: body = '', DelaySeconds, MessageAttributes = {}, MessageSystemAttributes = {} } = input;
  const groupId = input.MessageGroupId;
  if (body === '') throw missingParameter('MessageBody');
  if (input.MessageDeduplicationId !== undefined) throw noFifo();
  if (hasInvalidCharacters(body)) throw new AwsError('InvalidMessageContents', INVALID_CHARACTERS);
  if (sizeBytesOf(input) > maxBytes) {
    throw invalidParameterValue(
      `One or more parameters are invalid. Reason: Message must be shorter than ${maxBytes} bytes.`,
    );
  }
  if (DelaySeconds !== undefined && !(DelaySeconds >= 0 && DelaySeconds <= MAX_DELAY_SECONDS)) {
    throw invalidParameterValue(
      `Value ${DelaySeconds} for parameter DelaySeconds is invalid. ` +
        `Reason: DelaySeconds must be >= 0 and <= ${MAX_DELAY_SECONDS}.`,
    );
  }
  const { AWSTraceHeader, ...others } = MessageSystemAttributes;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw invalidParameterValue(`Message system attribute name '${unknown}' is invalid.`);
  checkMessageAttributes(MessageAttributes);
  if (groupId !== undefined && !/^[!-~]{1,128}$/.test(groupId)) {
    throw invalidParameterValue(
      `Value ${groupId} for parameter MessageGroupId is invalid. ` +
        'Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.',
    );
  }
  const traceHeader = AWSTraceHeader?.StringValue;
  return { body, attributes: MessageAttributes, senderId, traceHeader, groupId, delaySeconds: DelaySeconds };
}

/** What SQS shows as the sender: a session of a role, an AWS service, or the account. */
export const senderOf = ({ userId, service, arn }: Caller, accountId: string): string =>
  userId ?? (service === undefined ? accountId : arn);

/** The output of SendMessage, with digests. */
export function describeSent({ MessageBody = '', MessageAttributes, MessageSystemAttributes }: SendInput, id: string) {
  return {
    MessageId: id,
    MD5OfMessageBody: md5(MessageBody),
    MD5OfMessageAttributes: attributesMd5(MessageAttributes ?? {}),
    MD5OfMessageSystemAttributes: attributesMd5(MessageSystemAttributes ?? {}),
  };
}

/** A message of ReceiveMessage, with the requested system attributes (`All` or names) and message attributes. */
export function describeReceived(
  { id, handle, draft, ...message }: Message,
  system: readonly string[],
  requested: readonly string[] = [],
) {
  const all = {
    SenderId: draft.senderId,
    SentTimestamp: String(message.sentAt),
    ApproximateReceiveCount: String(message.receiveCount + (message.earlierReceives ?? 0)),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
    AWSTraceHeader: draft.traceHeader,
    MessageGroupId: draft.groupId,
    DeadLetterQueueSourceArn: message.deadLetterSource,
  };
  const isShown = ([name, value]: [string, unknown]) =>
    value !== undefined && (system.includes('All') || system.includes(name));
  const selected = selectAttributes(draft.attributes, requested);
  return {
    MessageId: id,
    ReceiptHandle: handle,
    MD5OfBody: md5(draft.body),
    Body: draft.body,
    Attributes: unlessEmpty(Object.fromEntries(Object.entries(all).filter(isShown))),
    MD5OfMessageAttributes: attributesMd5(selected),
    MessageAttributes: unlessEmpty(selected),
  };
}

const md5 = (text: string) => createHash('md5').update(text).digest('hex');
