import { type Account, arn } from '../core/account.ts';
import { AwsError } from '../core/aws-error.ts';
import type { Caller } from '../core/cloud.ts';
import { checkMember, checkMembers } from '../core/constraint.ts';
import { invalidParameter, resourceNotFound } from './errors.ts';

const PREFIX =
  String.raw`(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?` +
  '(function:)?';
const NEW_NAME = new RegExp(String.raw`${PREFIX}([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?`);
const NAME = new RegExp(String.raw`${PREFIX}([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?`);
const WHOLE_NAME = new RegExp(`^${NAME.source}$`);
const QUALIFIER = /\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+/;

const MAX_NEW_REFERENCE_LENGTH = 140;
const MAX_NAME_LENGTH = 64;
const MAX_QUALIFIER_LENGTH = 128;

export function functionArn(account: Account, name: string): string {
  return arn(account, 'lambda', `function:${name}`);
}

export function mappingArn(account: Account, uuid: string): string {
  return arn(account, 'lambda', `event-source-mapping:${uuid}`);
}

/** What a request says of a function: its name, or an ARN, and a version or alias, which either can be in. */
export interface FunctionReference {
  readonly FunctionName: string | undefined;
  readonly Qualifier?: string | undefined;
}

/**
 * The plain name in a reference, and the version or alias, if any. Throws ValidationException;
 * InvalidParameterValueException for two versions; ResourceNotFoundException for another Region; AccessDeniedException
 * for another account.
 */
export function readReference(account: Account, { FunctionName, Qualifier }: FunctionReference) {
  checkMembers([
    ['qualifier', Qualifier, { max: MAX_QUALIFIER_LENGTH, pattern: QUALIFIER }],
    ['functionName', String(FunctionName), { pattern: NAME }],
  ]);
  const { name, asked, region, owner } = partsOf(FunctionName);
  if (region !== undefined && region !== account.region) {
    throw resourceNotFound(`Functions from '${region}' are not reachable in this region ('${account.region}')`);
  }
  if (owner !== undefined && owner !== account.accountId) {
    throw new AwsError('AccessDeniedException', `The local runtime has no account ${owner}.`, 403);
  }
  if (asked !== undefined && Qualifier !== undefined && asked !== Qualifier) {
    throw invalidParameter('The derived qualifier from the function name does not match the specified qualifier.');
  }
  return { name, qualifier: Qualifier ?? asked };
}

/** The plain name of a function that is created. Throws as `readReference` does, and for a name that is too long. */
export function newFunctionName(account: Account, FunctionName: string | undefined): string {
  const limits = { max: MAX_NEW_REFERENCE_LENGTH, pattern: NEW_NAME };
  checkMember('functionName', String(FunctionName), limits);
  const { name } = readReference(account, { FunctionName });
  checkMember('functionName', name, { max: MAX_NAME_LENGTH }, 'InvalidParameterValueException');
  return name;
}

/** The ARN of a function, or of its version if the reference names one. */
export const askedArn = (
  { arn: fnArn }: { readonly arn: string },
  { FunctionName = '', Qualifier }: FunctionReference,
) => (Qualifier !== undefined || FunctionName.endsWith(':$LATEST') ? `${fnArn}:$LATEST` : fnArn);

/** The ARN for IAM's check. Never throws, because the operation itself rejects an invalid name. */
export const requestedFunctionArn = (account: Account, reference: unknown): string =>
  functionArn(account, partsOf(reference).name || String(reference));

function partsOf(reference: unknown) {
  const found = WHOLE_NAME.exec(String(reference)) ?? [];
  const [, , , region, , , , , , owner, , name = '', , asked] = found;
  return { name, asked, region: region?.slice(0, -1), owner: owner?.slice(0, -1) };
}

/** A function's role as a caller. */
export function roleCaller({ partition, accountId }: Account, roleArn: string, session: string): Caller {
  const roleName = roleArn.slice(roleArn.lastIndexOf('/') + 1);
  return { arn: `arn:${partition}:sts::${accountId}:assumed-role/${roleName}/${session}`, roleArn };
}
