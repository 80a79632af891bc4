import { createHash } from 'node:crypto';
import { AwsError } from '../core/aws-error.ts';
import type { Caller } from '../core/cloud.ts';
import { invalidParameterValue, missingParameter, unsupported } from './errors.ts';
import { attributesMd5, attributesSize, checkMessageAttributes, type MessageAttributes } from './message-attributes.ts';
import type { Draft, Queue } from './queue.ts';

const MAX_DELAY_SECONDS = 900;

/** The members that SendMessage and an entry of SendMessageBatch share. */
export interface SendInput {
  readonly MessageBody: string | undefined;
  readonly DelaySeconds?: number;
  readonly MessageAttributes?: MessageAttributes;
  readonly MessageSystemAttributes?: MessageAttributes;
  readonly MessageGroupId?: string;
  readonly MessageDeduplicationId?: string;
}

/** Bytes that count against MaximumMessageSize. */
export function draftSize(input: SendInput): number {
  return Buffer.byteLength(input.MessageBody ?? '') + attributesSize(input.MessageAttributes ?? {});
}

/** Checks a message before it is sent. Throws AwsError. */
export function readDraft(input: SendInput, queue: Queue, caller: Caller, accountId: string): Draft {
  const body = input.MessageBody;
  if (typeof body !== 'string' || body === '') throw missingParameter('MessageBody');
  if (input.MessageDeduplicationId !== undefined) throw unsupported('MessageDeduplicationId: FIFO queues');
  if (hasInvalidCharacters(body)) {
    throw new AwsError(
      'InvalidMessageContents',
      'Invalid characters found. Valid unicode characters are ' +
        '#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF',
      400,
    );
  }
  const limit = Number(queue.attributes.get('MaximumMessageSize'));
  if (draftSize(input) > limit) {
    throw invalidParameterValue(
      `One or more parameters are invalid. Reason: Message must be shorter than ${limit} bytes.`,
    );
  }
  const { AWSTraceHeader, ...others } = input.MessageSystemAttributes ?? {};
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw invalidParameterValue(`Message system attribute name '${unknown}' is invalid.`);
  return {
    body,
    attributes: checkMessageAttributes(input.MessageAttributes),
    senderId: caller.userId ?? (caller.service === undefined ? accountId : caller.arn),
    traceHeader: AWSTraceHeader?.StringValue,
    delaySeconds: checkedDelay(input.DelaySeconds),
  };
}

function checkedDelay(seconds: number | undefined): number | undefined {
  if (seconds === undefined || (Number.isInteger(seconds) && seconds >= 0 && seconds <= MAX_DELAY_SECONDS))
    return seconds;
  throw invalidParameterValue(
    `Value ${seconds} for parameter DelaySeconds is invalid. ` +
      `Reason: DelaySeconds must be >= 0 and <= ${MAX_DELAY_SECONDS}.`,
  );
}

/** The output of SendMessage, with digests. */
export function sent(input: SendInput, messageId: string) {
  return {
    MessageId: messageId,
    MD5OfMessageBody: md5(input.MessageBody ?? ''),
    MD5OfMessageAttributes: attributesMd5(input.MessageAttributes ?? {}),
    MD5OfMessageSystemAttributes: attributesMd5(input.MessageSystemAttributes ?? {}),
  };
}

export function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

function hasInvalidCharacters(body: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that SQS rejects
  return !body.isWellFormed() || /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(body);
}
