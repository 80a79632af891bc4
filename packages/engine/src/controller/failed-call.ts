import type { EndpointSpec } from '@freshpoint/cdk/contract';
import { failedCallOf } from '../errors.ts';
import { arnIn, arnOfEndpoint } from '../policy/endpoint-arn.ts';
import { judgeFailure } from '../policy/failure-reasons.ts';

/** The input members that name what a call is about. */
interface NamedInput {
  readonly Bucket?: string;
  readonly Key?: string;
  readonly CopySource?: string;
  readonly Prefix?: string;
  readonly EndpointName?: string;
  readonly StackName?: string;
  readonly QueueUrl?: string;
  readonly ModelPackageGroupName?: string;
  readonly ModelPackageName?: string;
  readonly Names?: readonly string[];
  readonly Name?: string;
}

/**
 * An error of a pass in words: the call, whose it was and what it was about, what went wrong, and what to do. `next`:
 * what follows where a person need not change anything.
 */
export function describeError(
  error: unknown,
  { stackId }: Pick<EndpointSpec, 'stackId'>,
  next = 'The call is repeated',
): string {
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  const text = textOf(error as Error, status);
  const failed = failedCallOf(error);
  if (!failed) return `${text}. ${next}; check the refresher’s log.`;
  const call = `${failed.service}:${failed.operation}`;
  const resource = resourceOf(failed.input, stackId);
  const by = failed.principal === undefined ? '' : ` by ${failed.principal}`;
  const todo = todoFor(text, status) ?? `${next}; if this persists, check the service’s health and quotas.`;
  return `${call}${by}${resource === undefined ? '' : ` on ${resource}`} failed: ${text}. ${todo}`;
}

/** The SDK's name for an answer without a body, as to HeadObject, says nothing. */
function textOf({ name, message }: Error, status: number | undefined): string {
  if (message === 'UnknownError' && status !== undefined) return `HTTP status ${status}, without a message`;
  return `${name}: ${message}`.replace(/\.$/, '');
}

function todoFor(text: string, status: number | undefined): string | undefined {
  if (/^InvalidObjectState/.test(text)) return 'Restore the object, or upload it in another storage class.';
  const { fault } = judgeFailure(text);
  if (fault === 'kms')
    return 'Let the key policy grant the refresher’s role the KMS permission that the message names.';
  if (fault === 'role' || status === 403) {
    return 'Grant this to the refresher’s role; for an encrypted object, kms:Decrypt on its key, too.';
  }
  if (/^NoSuchBucket/.test(text)) return 'Create the bucket, or declare another one.';
  if (/^PermanentRedirect/.test(text) || status === 301) return 'Use a bucket in the region of the endpoint.';
  return undefined;
}

/** The ARN of what the call was about, or its URL. */
function resourceOf(input: NamedInput, stackId: string): string | undefined {
  const { Bucket, Key, CopySource, Prefix, EndpointName, StackName, QueueUrl, Names, Name } = input;
  if (Bucket !== undefined) {
    const s3 = `arn:${partitionOf(stackId)}:s3:::`;
    const object = `${s3}${Bucket}/${Key ?? `${Prefix ?? ''}*`}`;
    return CopySource === undefined ? object : `${object} from ${s3}${CopySource}`;
  }
  if (EndpointName !== undefined) return arnOfEndpoint({ stackId, endpointName: EndpointName });
  const { ModelPackageGroupName: group, ModelPackageName: versionArn } = input;
  if (group !== undefined) {
    return group.startsWith('arn:') ? group : arnIn(stackId, 'sagemaker', `model-package-group/${group}`);
  }
  if (versionArn !== undefined) return versionArn;
  const parameter = Name ?? Names?.[0];
  if (parameter !== undefined) return arnIn(stackId, 'ssm', `parameter${parameter}`);
  return StackName ?? QueueUrl;
}

function partitionOf(stackId: string): string {
  return stackId.split(':')[1] ?? 'aws';
}
