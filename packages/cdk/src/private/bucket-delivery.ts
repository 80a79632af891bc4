import { Annotations, Resource, Stack, Token, Validations } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';

/** Id of the function that aws-cdk-lib creates once per stack to set bucket notifications. */
const NOTIFICATIONS_HANDLER_ID = 'BucketNotificationsHandler050a0587b7544547bf325f094a3db834';

/**
 * Enables EventBridge delivery if the bucket belongs to the app. For an imported bucket a warning shows how, because
 * the resource that would enable it replaces the whole notification configuration of the bucket.
 */
export function enableEventDelivery(endpoint: Construct, bucket: IBucket): void {
  if (Resource.isOwnedResource(bucket)) {
    bucket.enableEventBridgeNotification();
    acknowledgeHandlerPolicy(bucket);
    return;
  }
  const name = Token.isUnresolved(bucket.bucketName) ? '<bucket>' : bucket.bucketName;
  Annotations.of(endpoint).addWarningV2(
    '@freshpoint/cdk:importedBucket',
    `The bucket ${name} is imported, so its EventBridge delivery is not changed. If it is off, only the sweep ` +
      "detects uploads. To enable it, add EventBridgeConfiguration to the bucket's notifications and keep the existing " +
      'ones:\n' +
      `  aws s3api get-bucket-notification-configuration --bucket ${name} > notifications.json\n` +
      '  (add "EventBridgeConfiguration": {} to the object in notifications.json)\n' +
      `  aws s3api put-bucket-notification-configuration --bucket ${name} ` +
      '--notification-configuration file://notifications.json',
  );
}

/**
 * Records the answer to cdk-nag's finding about the role of aws-cdk-lib's function for bucket notifications. Not with
 * `Validations.acknowledge`, which rejects ids that contain `::` twice.
 */
function acknowledgeHandlerPolicy(bucket: IBucket): void {
  const key = Validations.ACKNOWLEDGED_RULES_METADATA_KEY;
  const handler = Stack.of(bucket).node.tryFindChild(NOTIFICATIONS_HANDLER_ID);
  if (!handler || handler.node.metadata.some(({ type }) => type === key)) return;
  handler.node.addMetadata(key, {
    'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]':
      'aws-cdk-lib creates this function to set bucket notifications. It needs the managed policy to write its log.',
  });
}
