import { Annotations, Duration, RemovalPolicy, Resource, Stack, Token, Validations } from 'aws-cdk-lib';
import { ArnPrincipal, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  CfnBucket,
  type IBucket,
  type LifecycleRule,
} from 'aws-cdk-lib/aws-s3';
import type { Construct, IConstruct, IDependable } from 'constructs';
import type { PerSlotOptions } from '../model-data';
import { digest8 } from './digest';

/** How many revisions before those of the slots are kept. */
const DEFAULT_RETAIN_REVISIONS = 5;

const BUCKET_ID = 'FreshpointData';

/** What the policies of the stacks' own buckets let each role read, by the rendered ARN of the role. */
const readers = new WeakMap<IBucket, Map<string, PolicyStatement>>();

/** The bucket of an endpoint's copies: the given one, or the stack's own. What nobody needs any more expires in it. */
export function dataBucket(endpoint: Construct, endpointId: string, options: PerSlotOptions): IBucket {
  const bucket = options.bucket ?? ownBucket(Stack.of(endpoint));
  const retained = options.retainRevisions ?? DEFAULT_RETAIN_REVISIONS;
  const rule: LifecycleRule = {
    prefix: `${endpointId}/`,
    noncurrentVersionExpiration: Duration.days(1),
    noncurrentVersionsToRetain: retained,
    abortIncompleteMultipartUploadAfter: Duration.days(1),
  };
  if (Resource.isOwnedResource(bucket) && bucket instanceof Bucket) bucket.addLifecycleRule(rule);
  else {
    Annotations.of(endpoint).addWarningV2(
      '@freshpoint/cdk:importedDataBucket',
      `The bucket of the slots' copies (${bucket.node.path}) is imported, so it is left as it is. It must keep versions; ` +
        `and for old copies to expire, add a lifecycle rule for the prefix ${rule.prefix}: noncurrent versions expire ` +
        `after 1 day, ${retained} newer ones are kept, incomplete multipart uploads end after 1 day.`,
    );
  }
  return bucket;
}

/** What is wrong with a bucket that was given for the copies. */
export function dataBucketProblems({ bucket, retainRevisions }: PerSlotOptions): string[] {
  const problems: string[] = [];
  const resource = bucket && Resource.isOwnedResource(bucket) ? bucket.node.defaultChild : undefined;
  if (resource instanceof CfnBucket && resource.versioningConfiguration === undefined) {
    problems.push(
      `The bucket that ModelData.perSlot was given ("${bucket!.node.path}") keeps no versions, and going back needs ` +
        'them; make it with versioned: true',
    );
  }
  if (
    retainRevisions !== undefined &&
    !Token.isUnresolved(retainRevisions) &&
    !(Number.isInteger(retainRevisions) && retainRevisions >= 1 && retainRevisions <= 100)
  ) {
    problems.push(`retainRevisions is ${retainRevisions}, expected a whole number from 1 to 100`);
  }
  return problems;
}

/**
 * Lets a model's execution role, of which only the ARN is known, read its places. The stack's own bucket says so itself;
 * for a given one, which may be another stack's, the role gets a policy. Models must be made after what is returned.
 */
export function letRoleRead(
  endpoint: Construct,
  bucket: IBucket,
  roleArn: string,
  keys: readonly string[],
): IDependable[] {
  const places = keys.map((key) => bucket.arnForObjects(key));
  if (isOwn(bucket, Stack.of(endpoint))) return letRoleReadOwn(bucket, roleArn, places);
  const id = `Role${digest8(Stack.of(endpoint).resolve(roleArn))}`;
  const role = endpoint.node.tryFindChild(id) as ReturnType<typeof Role.fromRoleArn> | undefined;
  const grantee = role ?? Role.fromRoleArn(endpoint, id, roleArn);
  const statements = [new PolicyStatement(reading(places)), ...decrypting(bucket.encryptionKey)];
  return statements.flatMap((each) => grantee.addToPrincipalPolicy(each).policyDependable ?? []);
}

/** One statement for each role: a bucket's policy holds 20 KB, and each statement says the whole ARN of the role. */
function letRoleReadOwn(bucket: IBucket, roleArn: string, places: string[]): IDependable[] {
  const byRole = readers.get(bucket) ?? new Map<string, PolicyStatement>();
  readers.set(bucket, byRole);
  const role = JSON.stringify(Stack.of(bucket).resolve(roleArn));
  const known = byRole.get(role);
  if (known && !known.frozen) {
    known.addResources(...places);
    return policyOf(bucket, Stack.of(bucket));
  }
  const statement = new PolicyStatement({ ...reading(places), principals: [new ArnPrincipal(roleArn)] });
  byRole.set(role, statement);
  const { policyDependable } = bucket.addToResourcePolicy(statement);
  return policyDependable ? [policyDependable] : [];
}

/** The policy of the stack's own bucket; nothing for a given bucket, whose policy may wait for anything. */
export function policyOf(bucket: IBucket, stack: Stack): IConstruct[] {
  return isOwn(bucket, stack) && bucket.policy ? [bucket.policy] : [];
}

function isOwn(bucket: IBucket, stack: Stack): boolean {
  return bucket.node.id === BUCKET_ID && bucket.node.scope === stack;
}

function reading(resources: string[]): { actions: string[]; resources: string[] } {
  return { actions: ['s3:GetObject'], resources };
}

function decrypting(key: IKey | undefined): PolicyStatement[] {
  return key ? [new PolicyStatement({ actions: ['kms:Decrypt'], resources: [key.keyArn] })] : [];
}

function ownBucket(stack: Stack): Bucket {
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
      'Only the refresher writes to it and only the models’ roles read; who wants access logs passes a bucket to ModelData.perSlot.',
  });
  return bucket;
}
