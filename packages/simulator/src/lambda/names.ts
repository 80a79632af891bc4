import { type Account, arn } from '../core/account.ts';
import { AwsError } from '../core/aws-error.ts';
import type { Caller } from '../core/cloud.ts';
import { checkMember } from '../core/constraint.ts';
import { functionNotFound, resourceNotFound } from './errors.ts';

const FUNCTION_NAME =
  /^(?:(?:arn:[a-z-]+:lambda:)?(?:(?<region>[a-z][a-z0-9-]+):)?(?:(?<owner>\d{12}):)?function:)?(?<name>[\w-]{1,64})(?::(?<asked>\$LATEST|[\w-]+))?$/;

export function functionArn(account: Account, name: string): string {
  return arn(account, 'lambda', `function:${name}`);
}

export function mappingArn(account: Account, uuid: string): string {
  return arn(account, 'lambda', `event-source-mapping:${uuid}`);
}

/**
 * The plain name in a name or ARN. Throws ValidationException; ResourceNotFoundException for a version, an alias or
 * another Region; AccessDeniedException for another account.
 */
export function functionName(account: Account, reference: unknown, qualifier?: string): string {
  checkMember('functionName', String(reference), { pattern: FUNCTION_NAME });
  const found = FUNCTION_NAME.exec(String(reference))?.groups ?? {};
  const { name = '', asked = '$LATEST', region = account.region, owner = account.accountId } = found;
  if (region !== account.region) {
    throw resourceNotFound(`Functions from '${region}' are not reachable in this region ('${account.region}')`);
  }
  if (owner !== account.accountId) {
    throw new AwsError('AccessDeniedException', `The local runtime has no account ${owner}.`, 403);
  }
  const version = qualifier ?? asked;
  // Versions and aliases are not simulated, so none exists.
  if (version !== '$LATEST') throw functionNotFound(`${functionArn(account, name)}:${version}`);
  return name;
}

/** The ARN for IAM's check. Never throws, because the operation itself rejects an invalid name. */
export function requestedFunctionArn(account: Account, reference: unknown): string {
  return functionArn(account, FUNCTION_NAME.exec(String(reference))?.groups?.name ?? String(reference));
}

/** A function's role as a caller. */
export function roleCaller({ partition, accountId }: Account, roleArn: string, session: string): Caller {
  const roleName = roleArn.slice(roleArn.lastIndexOf('/') + 1);
  return { arn: `arn:${partition}:sts::${accountId}:assumed-role/${roleName}/${session}`, roleArn };
}
