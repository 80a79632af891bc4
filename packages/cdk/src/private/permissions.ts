import { type Stack, Tokenization } from 'aws-cdk-lib';
import type { SourceSpec } from './contract';
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
}

/** What a look at an endpoint needs beside the endpoint. */
export interface KnownResources {
  readonly specParameter: string;
  readonly stateParameter: string;
  readonly sources: readonly SourceSpec[];
}

/** Characters in a managed policy that IAM takes, white space not counted. */
export const MAX_POLICY_SIZE = 6144;

// The longest partition, region and account, with the colons around them: arn:aws-us-gov:<service>:ap-southeast-2:<account>:
const ARN_SIZE = 'arn:aws-us-gov::ap-southeast-2:123456789012:'.length;
const MAX_BUCKET_LENGTH = 63;
const MAX_STACK_NAME_LENGTH = 128;
const UUID_LENGTH = 36;
/** A key may have 1,024 characters; tokens in one are ids and folders in practice. */
const TOKEN_IN_KEY = 256;

/** What the refresher may do with one endpoint. */
export function endpointPermits({ endpointArn, configArns }: EndpointResources): Permit[] {
  return [
    {
      actions: ['sagemaker:DescribeEndpoint', 'sagemaker:UpdateEndpoint'],
      resource: { text: endpointArn, size: ARN_SIZE + 'sagemakerendpoint/'.length + MAX_NAME_LENGTH },
    },
    ...configArns.map((text) => ({
      actions: ['sagemaker:UpdateEndpoint'],
      resource: { text, size: ARN_SIZE + 'sagemakerendpoint-config/'.length + MAX_NAME_LENGTH },
    })),
  ];
}

/**
 * What the refresher may read and write beside the endpoint: needed before there is one, by the deployment that makes
 * it. No permission on the bucket's KMS key is needed: nothing is decrypted by a listing, nor by HeadObject as long as
 * it doesn't ask for checksums.
 */
export function knownPermits(stack: Stack, { specParameter, stateParameter, sources }: KnownResources): Permit[] {
  const state = parameterArn(stack, stateParameter);
  const stackArnSize = ARN_SIZE + 'cloudformationstack//'.length + UUID_LENGTH;
  return [
    { actions: ['ssm:GetParameters'], resource: parameterArn(stack, specParameter) },
    { actions: ['ssm:GetParameters'], resource: state },
    { actions: ['ssm:PutParameter'], resource: state },
    {
      actions: ['cloudformation:DescribeStacks'],
      resource: { text: stack.stackId, size: stackArnSize + sizeOf(stack.stackName, MAX_STACK_NAME_LENGTH) },
    },
    ...sources.flatMap((source) => sourcePermits(stack, source)),
  ];
}

function sourcePermits(stack: Stack, source: SourceSpec): Permit[] {
  const bucket = bucketArn(stack, source.bucket);
  if ('prefix' in source) {
    // A listing tells ETag and size of each object, so the objects themselves needn't be readable.
    const prefix = { text: source.prefix, size: sizeOf(source.prefix, TOKEN_IN_KEY) };
    return [{ actions: ['s3:ListBucket'], resource: bucket, ...(source.prefix !== '' && { prefix }) }];
  }
  const key = { text: `${bucket.text}/${source.key}`, size: bucket.size + 1 + sizeOf(source.key, TOKEN_IN_KEY) };
  return [
    { actions: ['s3:GetObject'], resource: key },
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

/** Length with each token as long as `token`. */
function sizeOf(text: string, token: number): number {
  const filled = Tokenization.reverseString(text).mapTokens({ mapToken: () => 'x'.repeat(token) });
  return String(filled.join({ join: (left, right) => `${left ?? ''}${right ?? ''}` })).length;
}
