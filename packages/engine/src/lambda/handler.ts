import type { CloudFormationCustomResourceEvent, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { reconcileBatch } from '../controller/batch.ts';
import type { Ports } from '../ports.ts';
import { onDeployment } from './custom-resource.ts';

/**
 * The function's handler. It has two callers: the event source mapping of the queue (ReportBatchItemFailures), with
 * reconcile requests, and CloudFormation, with the custom resources of a deployment.
 */
export function createHandler(
  ports: Ports,
): (event: SQSEvent | CloudFormationCustomResourceEvent) => Promise<SQSBatchResponse | undefined> {
  return async (event) => {
    if (!('Records' in event)) {
      await onDeployment(ports, event);
      return undefined;
    }
    const messages = event.Records.map(({ messageId, receiptHandle, body, attributes }) => ({
      messageId,
      receiptHandle,
      body,
      senderId: attributes.SenderId,
      receives: Number(attributes.ApproximateReceiveCount),
      sentAt: Number(attributes.SentTimestamp) || undefined,
      firstReceivedAt: Number(attributes.ApproximateFirstReceiveTimestamp) || undefined,
    }));
    const requeued = await reconcileBatch(ports, messages);
    return { batchItemFailures: requeued.map((itemIdentifier) => ({ itemIdentifier })) };
  };
}
