import { Annotations, Duration, RemovalPolicy, Resource, Stack, Token, Validations } from 'aws-cdk-lib';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  CfnBucket,
  type IBucket,
  type LifecycleRule,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { ModelData, PerSlotOptions } from '../model-data';
import { DEFAULT_RETAIN_REVISIONS } from './defaults';

const BUCKET_ID = 'FreshpointData';
const MAX_RETAIN_REVISIONS = 100;
const EXPIRATION_DAYS = 1;

/** The bucket for an endpoint's state, history and slot data: the given one, or that of the stack. */
export function dataBucketOf(endpoint: Construct, modelData: ModelData | undefined): IBucket {
  return modelData?._bucket ?? stackDataBucket(Stack.of(endpoint));
}

/** Makes old versions of an endpoint's slot data expire, or warns that the bucket must do so. */
export function expireSlotData(
  endpoint: Construct,
  bucket: IBucket,
  prefix: string,
  retained = DEFAULT_RETAIN_REVISIONS,
): void {
  const rule: LifecycleRule = {
    prefix,
    noncurrentVersionExpiration: Duration.days(EXPIRATION_DAYS),
    noncurrentVersionsToRetain: retained,
    abortIncompleteMultipartUploadAfter: Duration.days(EXPIRATION_DAYS),
  };
  if (Resource.isOwnedResource(bucket) && bucket instanceof Bucket) bucket.addLifecycleRule(rule);
  else {
    Annotations.of(endpoint).addWarningV2(
      '@freshpoint/cdk:importedDataBucket',
      `The bucket for slot data (${bucket.node.path}) is imported, so it is not changed. It must be versioned. To ` +
        `expire old slot data, add a lifecycle rule for the prefix ${rule.prefix}: expire noncurrent versions after 1 day, ` +
        `retain ${retained} newer noncurrent versions, abort incomplete multipart uploads after 1 day.`,
    );
  }
}

/** Problems with the options of the slot data. */
export function dataBucketProblems({ bucket, retainRevisions }: PerSlotOptions): string[] {
  const problems: string[] = [];
  if (bucket && isUnversioned(bucket)) {
    problems.push(
      `The bucket "${bucket.node.path}" of ModelData.perSlot is not versioned, and rollbacks need older versions. ` +
        'Create it with versioned: true.',
    );
  }
  if (
    retainRevisions !== undefined &&
    !Token.isUnresolved(retainRevisions) &&
    !(Number.isInteger(retainRevisions) && retainRevisions >= 1 && retainRevisions <= MAX_RETAIN_REVISIONS)
  ) {
    problems.push(
      `retainRevisions of ModelData.perSlot is ${retainRevisions}, ` +
        `expected a whole number from 1 to ${MAX_RETAIN_REVISIONS}.`,
    );
  }
  return problems;
}

/** Whether the bucket is the one that the stack's endpoints share, rather than a given one. */
export function isStackDataBucket(bucket: IBucket, stack: Stack): boolean {
  return bucket.node.id === BUCKET_ID && bucket.node.scope === stack;
}

function isUnversioned(bucket: IBucket): boolean {
  if (!Resource.isOwnedResource(bucket)) return false;
  const resource = bucket.node.defaultChild;
  return resource instanceof CfnBucket && resource.versioningConfiguration === undefined;
}

function stackDataBucket(stack: Stack): Bucket {
  const found = stack.node.tryFindChild(BUCKET_ID) as Bucket | undefined;
  if (found) return found;
  const bucket = new Bucket(stack, BUCKET_ID, {
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    versioned: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  bucket.node.addMetadata(Validations.ACKNOWLEDGED_RULES_METADATA_KEY, {
    'AwsSolutions-S1':
      'Only the refresher and the CLI write to the bucket, and only they and the models’ roles read it. For access logs, pass a bucket to ' +
      'ModelData.perSlot or ModelData.inPlace.',
  });
  return bucket;
}
