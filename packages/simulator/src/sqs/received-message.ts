import { md5 } from './draft.ts';
import { attributesMd5, type MessageAttributes, selectAttributes } from './message-attributes.ts';
import type { Message } from './queue.ts';

/** A message as ReceiveMessage returns it. */
export interface ReceivedMessage {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly MD5OfBody: string;
  readonly Body: string;
  /** System attributes: SentTimestamp, ApproximateReceiveCount, … (times in epoch milliseconds, as text). */
  readonly Attributes?: Readonly<Record<string, string>>;
  readonly MD5OfMessageAttributes?: string;
  readonly MessageAttributes?: MessageAttributes;
}

/** Describes a message with the requested system attributes (`All` or names) and message attributes. */
export function describeMessage(
  message: Message,
  system: readonly string[] | undefined,
  requested: readonly string[] | undefined,
): ReceivedMessage {
  const all: Record<string, string | undefined> = {
    SenderId: message.draft.senderId,
    SentTimestamp: String(message.sentAt),
    ApproximateReceiveCount: String(message.receiveCount),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
    AWSTraceHeader: message.draft.traceHeader,
    DeadLetterQueueSourceArn: message.deadLetterSource,
  };
  const attributes: Record<string, string> = {};
  for (const [name, value] of Object.entries(all)) {
    if (value !== undefined && (system?.includes('All') || system?.includes(name))) attributes[name] = value;
  }
  const selected = selectAttributes(message.draft.attributes, requested);
  const hasSelected = Object.keys(selected).length > 0;
  return {
    MessageId: message.id,
    ReceiptHandle: message.handle ?? '',
    MD5OfBody: md5(message.draft.body),
    Body: message.draft.body,
    Attributes: Object.keys(attributes).length > 0 ? attributes : undefined,
    MD5OfMessageAttributes: attributesMd5(selected),
    MessageAttributes: hasSelected ? selected : undefined,
  };
}
