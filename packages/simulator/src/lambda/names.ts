import { type Account, arn } from '../core/account.ts';
import type { Caller } from '../core/cloud.ts';
import { functionNotFound, invalidMember } from './errors.ts';

const FUNCTION_NAME_PATTERN = new RegExp(
  '^(?:(?:arn:[a-z-]+:lambda:)?(?:[a-z0-9-]+:)?(?:\\d{12}:)?function:)?' +
    '(?<name>[a-zA-Z0-9-_]{1,64})(?::(?<qualifier>\\$LATEST|[a-zA-Z0-9-_]+))?$',
);

export function functionArn(account: Account, name: string): string {
  return arn(account, 'lambda', `function:${name}`);
}

/** The plain name in a name or ARN. Throws ValidationException; ResourceNotFoundException for a version or alias. */
export function functionName(account: Account, reference: unknown, qualifier?: string): string {
  const match = FUNCTION_NAME_PATTERN.exec(String(reference));
  const name = match?.groups?.name;
  if (name === undefined) {
    throw invalidMember(reference, 'functionName', 'satisfy regular expression pattern: [a-zA-Z0-9-_:$/.]+');
  }
  const asked = qualifier ?? match?.groups?.qualifier;
  // Versions and aliases are not simulated, so none exists.
  if (asked !== undefined && asked !== '$LATEST') throw functionNotFound(`${functionArn(account, name)}:${asked}`);
  return name;
}

/** The ARN for IAM's check. Never throws, because the operation itself rejects an invalid name. */
export function requestedFunctionArn(account: Account, reference: unknown): string {
  return functionArn(account, FUNCTION_NAME_PATTERN.exec(String(reference))?.groups?.name ?? String(reference));
}

/** The name in an ARN of an IAM role, without its path. */
function roleName(roleArn: string): string {
  return roleArn.slice(roleArn.lastIndexOf('/') + 1);
}

/** A function's role as a caller. */
export function roleCaller(account: Account, roleArn: string, session: string): Caller {
  return {
    arn: `arn:${account.partition}:sts::${account.accountId}:assumed-role/${roleName(roleArn)}/${session}`,
    roleArn,
  };
}
