import { AwsError } from '../core/aws-error.ts';

/** Characters of a role's inline policies together, white space not counted. */
export const inlinePolicySize = 10_240;
/** Characters of a managed policy, white space not counted. */
export const managedPolicySize = 6_144;
/** Characters of a trust policy, white space not counted. */
export const trustPolicySize = 2_048;
/** Managed policies on one role. */
export const policiesPerRole = 10;
/** Versions of one managed policy. */
export const versionsPerPolicy = 5;

/** How IAM measures a policy. */
export function policySize(text: string): number {
  return text.replaceAll(/\s/g, '').length;
}

export function limitExceeded(message: string): AwsError {
  return new AwsError('LimitExceeded', message, 409);
}

/** @throws AwsError ValidationError when a name has other characters than IAM allows or is too long. */
export function checkName(member: string, name: unknown, longest: number): string {
  if (typeof name !== 'string' || !/^[\w+=,.@-]+$/.test(name)) {
    throw new AwsError(
      'ValidationError',
      `The specified value for ${member} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-`,
    );
  }
  if (name.length > longest) {
    throw new AwsError(
      'ValidationError',
      `1 validation error detected: Value at '${member}' failed to satisfy constraint: Member must have length less than or equal to ${longest}`,
    );
  }
  return name;
}

/** @throws AwsError ValidationError unless the path starts and ends with a slash. */
export function checkPath(path: unknown): string {
  const value = path ?? '/';
  if (typeof value !== 'string' || value.length > 512 || !/^\/([\x21-\x7e]+\/)?$/.test(value)) {
    throw new AwsError(
      'ValidationError',
      'The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.',
    );
  }
  return value;
}
