import { AwsError } from '../core/aws-error.ts';
import { constraintMessage } from '../core/constraint.ts';
import { requestedPage } from '../core/page.ts';
import type { IamPageInput } from './inputs.ts';

/** Characters of a role's inline policies together, white space not counted. */
export const MAX_INLINE_POLICY_SIZE = 10_240;
/** Characters of a managed policy, white space not counted. */
export const MAX_MANAGED_POLICY_SIZE = 6_144;
/** Characters of a trust policy, white space not counted. */
export const MAX_TRUST_POLICY_SIZE = 2_048;
/** Managed policies on one role. */
export const MAX_POLICIES_PER_ROLE = 10;
/** Versions of one managed policy. */
export const MAX_VERSIONS_PER_POLICY = 5;
/** Characters of a role's name. */
export const MAX_ROLE_NAME_LENGTH = 64;
/** Characters of a policy's name. */
export const MAX_POLICY_NAME_LENGTH = 128;
/** Characters of a path. */
const MAX_PATH_LENGTH = 512;

/** The size of a policy as IAM measures it. */
export function policySize(text: string): number {
  return text.replaceAll(/\s/g, '').length;
}

export function limitExceeded(message: string): AwsError {
  return new AwsError('LimitExceeded', message, 409);
}

/** Throws AwsError ValidationError for a name that is too long or has other characters than IAM allows. */
export function checkIamName(member: string, name: unknown, maxLength: number): string {
  if (typeof name !== 'string' || !/^[\w+=,.@-]+$/.test(name)) {
    throw new AwsError(
      'ValidationError',
      `The specified value for ${member} is invalid. ` +
        'It must contain only alphanumeric characters and/or the following: +=,.@_-',
    );
  }
  if (name.length > maxLength) {
    const rule = `have length less than or equal to ${maxLength}`;
    throw new AwsError('ValidationError', constraintMessage(member, name, rule));
  }
  return name;
}

/** The path, by default `/`. Throws AwsError ValidationError unless it starts and ends with a slash. */
export function checkPath(path: string | undefined): string {
  const value = path ?? '/';
  if (typeof value !== 'string' || value.length > MAX_PATH_LENGTH || !/^\/([\x21-\x7e]+\/)?$/.test(value)) {
    throw new AwsError(
      'ValidationError',
      'The specified value for path is invalid. ' +
        'It must begin and end with / and contain only alphanumeric characters and/or / characters.',
    );
  }
  return value;
}

const MAX_LISTED = 1000;

/** The page of a list that the input asks for. Throws AwsError ValidationError. */
export function iamPage<T>(all: Iterable<T>, { MaxItems, Marker }: IamPageInput) {
  const request = { size: MaxItems, max: MAX_LISTED, token: Marker };
  const { items, token } = requestedPage(all, request, () => {
    return new AwsError('ValidationError', `MaxItems must be 1 to ${MAX_LISTED}, and Marker one that was returned.`);
  });
  return { items, IsTruncated: token !== undefined, Marker: token };
}
