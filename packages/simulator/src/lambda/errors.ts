import { AwsError } from '../core/aws-error.ts';
import { checkMember } from '../core/constraint.ts';

const USER_FAULT = { Type: 'User' };

/** ResourceNotFoundException for a function. */
export const functionNotFound = (arn: string) => resourceNotFound(`Function not found: ${arn}`);

/** ResourceNotFoundException for anything else. */
export const resourceNotFound = (message = 'The resource you requested does not exist.') =>
  new AwsError('ResourceNotFoundException', message, 404, USER_FAULT);

export const resourceConflict = (message: string) =>
  new AwsError('ResourceConflictException', message, 409, USER_FAULT);

export const invalidParameter = (message: string, cause?: unknown) =>
  new AwsError('InvalidParameterValueException', message, 400, { ...USER_FAULT, cause });

/** TooManyRequestsException with Lambda's `Reason`. */
export const tooManyRequests = (reason: string) =>
  new AwsError('TooManyRequestsException', 'Rate Exceeded.', 429, { ...USER_FAULT, Reason: reason });

/** InvalidRuntimeException for a function that exists but cannot run here. */
export const cannotRun = (message: string) => new AwsError('InvalidRuntimeException', message, 502, USER_FAULT);

/** Throws PreconditionFailedException if a request is for another revision of the function. */
export function checkRevision(
  { revisionId }: { readonly revisionId: string },
  asked: string | undefined,
  read = 'GetFunction/GetAlias',
): void {
  if (asked === undefined || asked === revisionId) return;
  const message = 'The Revision Id provided does not match the latest Revision Id.';
  const advice = `Call the ${read} API to retrieve the latest Revision Id`;
  throw new AwsError('PreconditionFailedException', `${message} ${advice}`, 412, USER_FAULT);
}

/** Tags of a function or mapping. */
const MAX_TAGS = 50;

/** Throws InvalidParameterValueException. */
export function checkTagCount(tags: object = {}): void {
  if (Object.keys(tags).length > MAX_TAGS) throw invalidParameter('Number of tags exceeds resource tag limit.');
}

/** Throws ValidationException if `value` is given and outside `min` to `max`. */
export const checkRange = (value: number | undefined, member: string, min: number, max: number) =>
  checkMember(member, value, { min, max });
