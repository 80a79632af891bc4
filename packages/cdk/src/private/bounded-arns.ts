import { ArnFormat, type Stack, Tokenization } from 'aws-cdk-lib';
import { MAX_NAME_LENGTH } from './naming';

/** A text of a policy, with an upper bound of its length once deployed, in characters. */
export interface BoundedText {
  readonly text: string;
  readonly maxLength: number;
}

// Maximum lengths, in characters.
const MAX_BUCKET_NAME_LENGTH = 63;
const MAX_STACK_NAME_LENGTH = 128;
const MAX_ALARM_NAME_LENGTH = 255;
const UUID_LENGTH = 36;
/** A key may have 1,024 characters. Tokens in keys are ids and folder names in practice. */
const MAX_KEY_TOKEN_LENGTH = 256;
/** Of an ARN with the longest partition and region, without service and resource. */
const MAX_ARN_PREFIX_LENGTH = 'arn:aws-us-gov::ap-southeast-2:123456789012:'.length;

type SagemakerResource = 'endpoint' | 'endpoint-config' | 'model-package-group' | 'model-package';

/** `name`: where it is declared. CloudFormation generates others. */
export function sagemakerArn(text: string, resourceType: SagemakerResource, name?: string): BoundedText {
  const suffix = resourceType === 'model-package' ? '/*'.length : 0;
  const nameLength = name === undefined ? MAX_NAME_LENGTH : maxLengthOf(name, MAX_NAME_LENGTH);
  return { text, maxLength: MAX_ARN_PREFIX_LENGTH + `sagemaker${resourceType}/`.length + nameLength + suffix };
}

export function stackArn(stack: Stack): BoundedText {
  const stackName = maxLengthOf(stack.stackName, MAX_STACK_NAME_LENGTH);
  return {
    text: stack.stackId,
    maxLength: MAX_ARN_PREFIX_LENGTH + 'cloudformationstack//'.length + UUID_LENGTH + stackName,
  };
}

export function parameterArn(stack: Stack, name: string): BoundedText {
  return {
    text: stack.formatArn({ service: 'ssm', resource: 'parameter', resourceName: name.slice(1) }),
    maxLength: MAX_ARN_PREFIX_LENGTH + 'ssmparameter'.length + maxLengthOf(name, MAX_STACK_NAME_LENGTH),
  };
}

export function bucketArn(stack: Stack, bucketName: string): BoundedText {
  return {
    text: stack.formatArn({ service: 's3', region: '', account: '', resource: bucketName }),
    maxLength: 'arn:aws-us-gov:s3:::'.length + maxLengthOf(bucketName, MAX_BUCKET_NAME_LENGTH),
  };
}

export function objectArn(bucket: BoundedText, key: string): BoundedText {
  return { text: `${bucket.text}/${key}`, maxLength: bucket.maxLength + 1 + maxLengthOf(key, MAX_KEY_TOKEN_LENGTH) };
}

export function alarmArn(stack: Stack, name: string): BoundedText {
  return {
    text: stack.formatArn({
      service: 'cloudwatch',
      resource: 'alarm',
      resourceName: name,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    }),
    maxLength: MAX_ARN_PREFIX_LENGTH + 'cloudwatchalarm:'.length + maxLengthOf(name, MAX_ALARM_NAME_LENGTH),
  };
}

export function kmsKeyArn(text: string): BoundedText {
  return { text, maxLength: MAX_ARN_PREFIX_LENGTH + 'kmskey/'.length + UUID_LENGTH };
}

/** A key prefix that the user chose. */
export function keyPrefix(text: string): BoundedText {
  return { text, maxLength: maxLengthOf(text, MAX_KEY_TOKEN_LENGTH) };
}

/** Length of the text when every token has this length, in characters. */
export function maxLengthOf(text: string, tokenLength: number): number {
  const filled = Tokenization.reverseString(text).mapTokens({ mapToken: () => 'x'.repeat(tokenLength) });
  return String(filled.join({ join: (left, right) => `${left ?? ''}${right ?? ''}` })).length;
}
