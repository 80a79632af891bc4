import { type Stack, Tokenization } from 'aws-cdk-lib';
import { type SlotData, type SourceSpec, slotDataKey } from '../contract';
import { MAX_NAME_LENGTH } from './naming';

/** A text of a policy and the most characters that it can have once deployed. */
export interface Sized {
  readonly text: string;
  readonly size: number;
}

/** One action on one resource. */
export interface Permit {
  readonly actions: readonly string[];
  readonly resource: Sized;
  /** For a listing: the only prefix that may be listed. */
  readonly prefix?: Sized;
}

/** What the permissions of one endpoint are about. */
export interface EndpointResources {
  readonly endpointArn: string;
  readonly configArns: readonly string[];
  /** Whether it is asked for predictions. */
  readonly isTested: boolean;
}

/** What a look at an endpoint needs beside the endpoint. */
export interface KnownResources {
  readonly specParameter: string;
  readonly stateParameter: string;
  readonly historyParameter: string;
  readonly sources: readonly SourceSpec[];
  readonly data?: SlotData;
  /** ARNs of KMS keys that what is read is encrypted with. */
  readonly sourceKeys: readonly string[];
  /** ARN of the KMS key that the copies are encrypted with. */
  readonly dataKey?: string;
}

/** Characters in a managed policy that IAM takes, white space not counted. */
export const MAX_POLICY_SIZE = 6144;

// The longest partition, region and account, with the colons around them: arn:aws-us-gov:<service>:ap-southeast-2:<account>:
const ARN_SIZE = 'arn:aws-us-gov::ap-southeast-2:123456789012:'.length;
const MAX_BUCKET_LENGTH = 63;
const MAX_STACK_NAME_LENGTH = 128;
const UUID_LENGTH = 36;
/** What is done with the object of a place. */
const PLACE_ACTIONS = [
  's3:GetObject',
  's3:GetObjectVersion',
  's3:PutObject',
  's3:AbortMultipartUpload',
  's3:ListMultipartUploadParts',
];
/** A key may have 1,024 characters; tokens in one are ids and folders in practice. */
const TOKEN_IN_KEY = 256;

/** What the refresher may do with one endpoint. */
export function endpointPermits({ endpointArn, configArns, isTested }: EndpointResources): Permit[] {
  const resource = { text: endpointArn, size: ARN_SIZE + 'sagemakerendpoint/'.length + MAX_NAME_LENGTH };
  return [
    { actions: ['sagemaker:DescribeEndpoint', 'sagemaker:UpdateEndpoint'], resource },
    ...(isTested ? [{ actions: ['sagemaker:InvokeEndpoint'], resource }] : []),
    ...configArns.map((text) => ({
      actions: ['sagemaker:UpdateEndpoint'],
      resource: { text, size: ARN_SIZE + 'sagemakerendpoint-config/'.length + MAX_NAME_LENGTH },
    })),
  ];
}

/** What the refresher may read and write beside the endpoint: needed before there is one, by the deployment that makes it. */
export function knownPermits(stack: Stack, known: KnownResources): Permit[] {
  const state = parameterArn(stack, known.stateParameter);
  const history = parameterArn(stack, known.historyParameter);
  const stackArnSize = ARN_SIZE + 'cloudformationstack//'.length + UUID_LENGTH;
  return [
    { actions: ['ssm:GetParameters'], resource: parameterArn(stack, known.specParameter) },
    { actions: ['ssm:GetParameters'], resource: state },
    { actions: ['ssm:GetParameters'], resource: history },
    { actions: ['ssm:PutParameter'], resource: state },
    { actions: ['ssm:PutParameter'], resource: history },
    {
      actions: ['cloudformation:DescribeStacks'],
      resource: { text: stack.stackId, size: stackArnSize + sizeOf(stack.stackName, MAX_STACK_NAME_LENGTH) },
    },
    ...known.sources.flatMap((source) => sourcePermits(stack, source)),
    ...(known.data ? dataPermits(stack, known.data) : []),
    ...known.sourceKeys.map((key) => ({ actions: ['kms:Decrypt'], resource: keyArn(key) })),
    // Decrypt: for a multipart copy, and for going back to a copy.
    ...(known.dataKey ? [{ actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resource: keyArn(known.dataKey) }] : []),
  ];
}

/** The slots' places: their copies are made, looked at, and made again from older versions of them. */
function dataPermits(stack: Stack, { bucket, root, files }: SlotData): Permit[] {
  const arn = bucketArn(stack, bucket);
  const places = (['a', 'b'] as const).flatMap((slot) => files.map((_, index) => slotDataKey(root, slot, index)));
  return [
    ...places.map((key) => ({ actions: PLACE_ACTIONS, resource: objectArn(arn, key) })),
    // Without it S3 answers 403 instead of 404 for an object that isn't there.
    { actions: ['s3:ListBucket'], resource: arn },
    {
      actions: ['s3:ListBucketVersions'],
      resource: arn,
      prefix: { text: root, size: sizeOf(root, MAX_STACK_NAME_LENGTH) },
    },
  ];
}

function sourcePermits(stack: Stack, source: SourceSpec): Permit[] {
  const bucket = bucketArn(stack, source.bucket);
  if ('prefix' in source) {
    // A listing tells ETag and size of each object, so the objects themselves needn't be readable.
    const prefix = { text: source.prefix, size: sizeOf(source.prefix, TOKEN_IN_KEY) };
    return [{ actions: ['s3:ListBucket'], resource: bucket, ...(source.prefix !== '' && { prefix }) }];
  }
  return [
    { actions: ['s3:GetObject'], resource: objectArn(bucket, source.key) },
    // Without it S3 answers 403 instead of 404 for an object that isn't there. HeadObject has no s3:prefix to test.
    { actions: ['s3:ListBucket'], resource: bucket },
  ];
}

/** The permits as the statements of a policy: one per set of actions (per bucket too for prefixes), each text once. */
function statements(permits: readonly Permit[], textOf: (sized: Sized) => string): object[] {
  const groups = new Map<
    string,
    { actions: readonly string[]; resources: Map<string, Sized>; prefixes: Map<string, Sized> }
  >();
  for (const { actions, resource, prefix } of permits) {
    const id = JSON.stringify([actions, prefix && resource.text]);
    const group = groups.get(id) ?? { actions, resources: new Map(), prefixes: new Map() };
    groups.set(id, group);
    group.resources.set(resource.text, resource);
    if (prefix) group.prefixes.set(prefix.text, prefix);
  }
  return [...groups.values()].map(({ actions, resources, prefixes }) => ({
    Effect: 'Allow',
    Action: [...actions],
    Resource: [...resources.values()].map(textOf),
    ...(prefixes.size > 0 && { Condition: { StringEquals: { 's3:prefix': [...prefixes.values()].map(textOf) } } }),
  }));
}

/** The policy document with these statements. */
export function policyDocument(permits: readonly Permit[], textOf = (sized: Sized): string => sized.text): object {
  return { Version: '2012-10-17', Statement: statements(permits, textOf) };
}

/** The most characters that the policy can have once deployed. */
export function policySize(permits: readonly Permit[]): number {
  return JSON.stringify(policyDocument(permits, ({ size }) => 'x'.repeat(size))).length;
}

function parameterArn(stack: Stack, name: string): Sized {
  return {
    text: stack.formatArn({ service: 'ssm', resource: 'parameter', resourceName: name.slice(1) }),
    size: ARN_SIZE + 'ssmparameter'.length + sizeOf(name, MAX_STACK_NAME_LENGTH),
  };
}

function bucketArn(stack: Stack, bucket: string): Sized {
  return {
    text: stack.formatArn({ service: 's3', region: '', account: '', resource: bucket }),
    size: 'arn:aws-us-gov:s3:::'.length + sizeOf(bucket, MAX_BUCKET_LENGTH),
  };
}

function objectArn(bucket: Sized, key: string): Sized {
  return { text: `${bucket.text}/${key}`, size: bucket.size + 1 + sizeOf(key, TOKEN_IN_KEY) };
}

function keyArn(text: string): Sized {
  return { text, size: ARN_SIZE + 'kmskey/'.length + UUID_LENGTH };
}

/** Length with each token as long as `token`. */
function sizeOf(text: string, token: number): number {
  const filled = Tokenization.reverseString(text).mapTokens({ mapToken: () => 'x'.repeat(token) });
  return String(filled.join({ join: (left, right) => `${left ?? ''}${right ?? ''}` })).length;
}
