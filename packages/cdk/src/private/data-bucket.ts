import { Duration, RemovalPolicy, Stack, Token, Validations } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, type IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { ModelData, PerSlotOptions } from '../model-data';

const BUCKET_ID = 'FreshpointData';
/** One for each slot. */
const MIN_RETAIN_REVISIONS = 2;
const MAX_RETAIN_REVISIONS = 100;

/** The bucket for an endpoint's state, history, revisions and slot data: the given one, or that of the stack. */
export function dataBucketOf(endpoint: Construct, modelData: ModelData | undefined): IBucket {
  return modelData?._bucket ?? stackDataBucket(Stack.of(endpoint));
}

/** Problems with the options of the slot data. */
export function dataBucketProblems({ retainRevisions }: PerSlotOptions): string[] {
  if (retainRevisions === undefined || Token.isUnresolved(retainRevisions)) return [];
  const isWithin = retainRevisions >= MIN_RETAIN_REVISIONS && retainRevisions <= MAX_RETAIN_REVISIONS;
  if (Number.isInteger(retainRevisions) && isWithin) return [];
  return [
    `retainRevisions of ModelData.perSlot is ${retainRevisions}, ` +
      `expected a whole number from ${MIN_RETAIN_REVISIONS} to ${MAX_RETAIN_REVISIONS}.`,
  ];
}

/** Whether the bucket is the one that the stack's endpoints share, rather than a given one. */
export function isStackDataBucket(bucket: IBucket, stack: Stack): boolean {
  return bucket.node.id === BUCKET_ID && bucket.node.scope === stack;
}

function stackDataBucket(stack: Stack): Bucket {
  const found = stack.node.tryFindChild(BUCKET_ID) as Bucket | undefined;
  if (found) return found;
  const bucket = new Bucket(stack, BUCKET_ID, {
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    // Copies of large archives that were never completed. Nothing depends on the rule, but they cost storage.
    lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(1) }],
    // A failed first deployment leaves no bucket: the deployment gate empties it.
    removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
  });
  bucket.node.addMetadata(Validations.ACKNOWLEDGED_RULES_METADATA_KEY, {
    'AwsSolutions-S1':
      'Only the refresher and the CLI write to the bucket, and only they and the models’ roles read it. For access logs, pass a bucket to ' +
      'ModelData.perSlot or ModelData.inPlace.',
  });
  return bucket;
}
