import { constraintMessage } from '../core/constraint.ts';
import { requestedPage } from '../core/page.ts';
import { invalidInput, limitExceeded } from './errors.ts';
import type { PolicyText } from './policy-document.ts';
import { readPolicy } from './policy-grammar.ts';

/** Managed policies on one role. */
export const MAX_POLICIES_PER_ROLE = 10;
/** Versions of one managed policy. */
export const MAX_VERSIONS_PER_POLICY = 5;
/** Characters of a role's inline policies together, white space not counted. */
export const MAX_INLINE_POLICIES_SIZE = 10_240;
/** Characters of a policy, white space not counted, and AWS's name of the quota. */
const MAX_POLICY_SIZES = {
  managed: { size: 6_144, quota: 'PolicySize' },
  trust: { size: 2_048, quota: 'ACLSizePerRole' },
} as const;
const MAX_PATH_LENGTH = 512;
/** Items on a page of a list, also by default. */
const MAX_LISTED = 1_000;

/** The size of a policy as IAM measures it. */
export const policySize = ({ text }: PolicyText): number => text.replaceAll(/\s/g, '').length;

/** Reads a managed policy or a trust policy. Throws AwsError MalformedPolicyDocument or LimitExceeded. */
export function readLimitedPolicy(text: string | undefined, kind: keyof typeof MAX_POLICY_SIZES): PolicyText {
  const policy = readPolicy(text, kind);
  const { size, quota } = MAX_POLICY_SIZES[kind];
  if (policySize(policy) > size) throw limitExceeded(`Cannot exceed quota for ${quota}: ${size}`);
  return policy;
}

/** Throws AwsError ValidationError for a name that is too long or has other characters than IAM allows. */
export function checkIamName(member: string, name: string | undefined, maxLength: number): string {
  if (typeof name !== 'string' || !/^[\w+=,.@-]+$/.test(name)) {
    const allowed = 'It must contain only alphanumeric characters and/or the following: +=,.@_-';
    throw invalidInput(`The specified value for ${member} is invalid. ${allowed}`);
  }
  if (name.length <= maxLength) return name;
  throw invalidInput(constraintMessage(member, name, `have length less than or equal to ${maxLength}`));
}

/** Throws AwsError ValidationError for a path that does not start and end with a slash. */
export function checkPath(path: string): string {
  if (path.length <= MAX_PATH_LENGTH && /^\/([\x21-\x7e]+\/)?$/.test(path)) return path;
  const rule = 'It must begin and end with / and contain only alphanumeric characters and/or / characters.';
  throw invalidInput(`The specified value for path is invalid. ${rule}`);
}

/** The page that the input asks for, as the output's `member`. Throws AwsError ValidationError. */
export function iamPage(
  member: string,
  all: Iterable<unknown>,
  { MaxItems, Marker }: { readonly MaxItems?: number | undefined; readonly Marker?: string | undefined },
) {
  const { items, token } = requestedPage(all, { size: MaxItems, max: MAX_LISTED, token: Marker }, () =>
    invalidInput(`MaxItems must be 1 to ${MAX_LISTED}, and Marker one that was returned.`),
  );
  return { [member]: items, IsTruncated: token !== undefined, Marker: token };
}
