import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { handleBatch } from '../loop/batch.ts';
import type { Ports } from '../ports.ts';

/** The event source mapping's contract (ReportBatchItemFailures) around the loop. */
export function createHandler(ports: Ports): (event: SQSEvent) => Promise<SQSBatchResponse> {
  return async (event) => {
    const open = await handleBatch(
      ports,
      event.Records.map(({ messageId, receiptHandle, body, attributes }) => ({
        messageId,
        receiptHandle,
        body,
        receives: Number(attributes.ApproximateReceiveCount),
      })),
    );
    return { batchItemFailures: open.map((itemIdentifier) => ({ itemIdentifier })) };
  };
}
