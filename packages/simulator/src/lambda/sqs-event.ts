import type { Message } from '@aws-sdk/client-sqs';

/**
 * The element of the event's `Records` for a message. Only a mapping with a batching window says of a message without
 * attributes that it has no digest of them.
 */
export function sqsRecord(
  message: Message,
  { queueArn, region, windowSeconds }: { queueArn: string; region: string; windowSeconds: number },
): Record<string, unknown> {
  const attributes = Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [
    name,
    {
      ...(value.StringValue !== undefined && { stringValue: value.StringValue }),
      ...(value.BinaryValue !== undefined && { binaryValue: Buffer.from(value.BinaryValue).toString('base64') }),
      stringListValues: [],
      binaryListValues: [],
      dataType: value.DataType,
    },
  ]);
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: { ...message.Attributes },
    messageAttributes: Object.fromEntries(attributes),
    md5OfMessageAttributes: message.MD5OfMessageAttributes ?? (windowSeconds > 0 ? null : undefined),
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: region,
  };
}

/**
 * The messages of a batch that a function with ReportBatchItemFailures reports as failed. A malformed answer, or one
 * that names a message outside the batch, fails them all. No answer, and one without the list, mean success.
 */
export function failedMessageIds(payload: Uint8Array, batch: ReadonlySet<string>): ReadonlySet<string> {
  try {
    const answer = JSON.parse(Buffer.from(payload).toString() || 'null') ?? {};
    const failures: unknown = answer.batchItemFailures ?? [];
    if (typeof answer !== 'object' || Array.isArray(answer) || !Array.isArray(failures)) return batch;
    const failed = new Set<string>(failures.map((failure) => failure.itemIdentifier));
    return [...failed].every((id) => batch.has(id)) ? failed : batch;
  } catch {
    return batch;
  }
}
