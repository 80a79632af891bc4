import type { CloudFormationCustomResourceEvent, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { reconcileBatch } from '../controller/batch.ts';
import type { Ports } from '../ports.ts';
import { onDeployment } from './custom-resource.ts';

/**
 * The function's two callers: the event source mapping (ReportBatchItemFailures) with promises, and CloudFormation with
 * the custom resource of a deployment.
 */
export function createHandler(
  ports: Ports,
): (event: SQSEvent | CloudFormationCustomResourceEvent) => Promise<SQSBatchResponse | undefined> {
  return async (event) => {
    if (!('Records' in event)) {
      await onDeployment(ports, event);
      return undefined;
    }
    const open = await reconcileBatch(
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
