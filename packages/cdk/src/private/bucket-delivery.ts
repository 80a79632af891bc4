import { Annotations, Reference, Resource, Stack, Token, Tokenization, Validations } from 'aws-cdk-lib';
import { CfnBucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { BucketEvent } from '../bucket-event';
import { described, isNoticed, type ModelSources } from './sources';

/** Prefix of the ids of this library's warnings, for `acknowledgeWarning`. */
const WARNING = '@freshpoint/cdk:';

/**
 * Switches EventBridge delivery on for a bucket of the app. For an imported one it only says how: the resource that
 * would do it replaces the bucket's whole notification configuration.
 */
export function deliverEvents(endpoint: Construct, bucket: IBucket): void {
  if (Resource.isOwnedResource(bucket)) {
    bucket.enableEventBridgeNotification();
    explainHandler(bucket);
    return;
  }
  const name = Token.isUnresolved(bucket.bucketName) ? '<bucket>' : bucket.bucketName;
  Annotations.of(endpoint).addWarningV2(
    `${WARNING}importedBucket`,
    `The bucket ${name} is imported, so its EventBridge delivery is left as it is. If it is off, uploads are noticed ` +
      "only by the sweep. To switch it on, add EventBridgeConfiguration to the bucket's notifications and keep what is there:\n" +
      `  aws s3api get-bucket-notification-configuration --bucket ${name} > notifications.json\n` +
      '  (add "EventBridgeConfiguration": {} to the object in notifications.json)\n' +
      `  aws s3api put-bucket-notification-configuration --bucket ${name} --notification-configuration file://notifications.json`,
  );
}

/**
 * aws-cdk-lib's own function for bucket notifications, one per stack, comes with a role that cdk-nag asks about.
 * The answer is recorded as `Validations.acknowledge` would: that refuses ids with more than one `::` in them.
 */
function explainHandler(bucket: IBucket): void {
  const key = Validations.ACKNOWLEDGED_RULES_METADATA_KEY;
  const handler = Stack.of(bucket).node.tryFindChild('BucketNotificationsHandler050a0587b7544547bf325f094a3db834');
  if (!handler || handler.node.metadata.some(({ type }) => type === key)) return;
  handler.node.addMetadata(key, {
    'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]':
      "The function is aws-cdk-lib's own, which sets bucket notifications; the managed policy lets it write its log.",
  });
}

/** Warns of model data whose uploads no rule of the endpoint would see. */
export function warnOfUnnoticed(
  endpoint: Construct,
  models: ModelSources,
  bucket: IBucket,
  events: readonly BucketEvent[],
): void {
  const annotations = Annotations.of(endpoint);
  const consequence = 'uploads to it are noticed only by the sweep';
  if (models.unreadable.length > 0) {
    annotations.addWarningV2(
      `${WARNING}unreadableModelData`,
      `Not watched, because it can't be read when the app is synthesized: ${models.unreadable.join('; ')}. ` +
        'Write the URL around its tokens, or name the place in a key filter of bucketEvents.',
    );
  }
  for (const model of models.sources) {
    if (isElsewhere(model.source.bucket, bucket)) {
      annotations.addWarningV2(
        `${WARNING}dataOutsideModelsBucket`,
        `The model data ${described(model.source)} is not in modelsBucket (${bucket.node.path}): ${consequence}. ` +
          'Move it there, or pass its bucket as modelsBucket.',
      );
    } else if (!isNoticed(model, events)) {
      annotations.addWarningV2(
        `${WARNING}dataOutsideBucketEvents`,
        `No bucket event of a created object covers the model data ${described(model.source)}: ${consequence}. ` +
          'Add one whose keyFilters let it pass, or leave the suffix out.',
      );
    }
  }
}

/** Whether the name is surely not that of the bucket; false when tokens leave it open. */
function isElsewhere(name: string, bucket: IBucket): boolean {
  if (name === bucket.bucketName) return false;
  const resource = bucket.node.defaultChild;
  const physical = resource instanceof CfnBucket ? resource.bucketName : bucket.bucketName;
  if (physical !== undefined && !Token.isUnresolved(physical) && !Token.isUnresolved(name)) return name !== physical;
  const other = Tokenization.reverseString(name).firstToken;
  return Reference.isReference(other) && other.target instanceof CfnBucket && other.target !== resource;
}
