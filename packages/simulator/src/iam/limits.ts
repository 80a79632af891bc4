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
/** Items on a page of a list, by default and at most. */
const DEFAULT_LISTED = 100;
const MAX_LISTED = 1_000;
const MAX_TAGS = 50;
const TAG_TEXT = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

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
  throw tooLong(member, name, maxLength);
}

/** Throws AwsError ValidationError for tags that are too many, or too long, or have other characters than allowed. */
export function checkTagTexts(member: string, texts: readonly string[], maxLength: number): void {
  if (texts.length > MAX_TAGS) throw tooLong(member, texts, MAX_TAGS);
  for (const [index, text] of texts.entries()) {
    const at = `${member}.${index + 1}.member`;
    if (text.length > maxLength) throw tooLong(at, text, maxLength);
    if (TAG_TEXT.test(text)) continue;
    const rule = `satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+`;
    throw invalidInput(constraintMessage(at, text, rule));
  }
}

const tooLong = (member: string, value: unknown, maxLength: number) =>
  invalidInput(constraintMessage(member, value, `have length less than or equal to ${maxLength}.`));

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
  const { items, token } = requestedPage(
    all,
    { size: MaxItems ?? DEFAULT_LISTED, max: MAX_LISTED, token: Marker },
    () => invalidInput(`MaxItems must be 1 to ${MAX_LISTED}, and Marker one that was returned.`),
  );
  return { [member]: items, IsTruncated: token !== undefined, Marker: token };
}
