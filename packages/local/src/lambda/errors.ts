import { AwsError } from '../core/aws-error.ts';

const USER_FAULT = { Type: 'User' };

/** ResourceNotFoundException for a function. */
export const functionNotFound = (arn: string) =>
  new AwsError('ResourceNotFoundException', `Function not found: ${arn}`, 404, USER_FAULT);

/** ResourceNotFoundException for anything else. */
export const resourceNotFound = (message = 'The resource you requested does not exist.') =>
  new AwsError('ResourceNotFoundException', message, 404, USER_FAULT);

export const resourceConflict = (message: string) =>
  new AwsError('ResourceConflictException', message, 409, USER_FAULT);

export const invalidParameter = (message: string, cause?: unknown) =>
  new AwsError('InvalidParameterValueException', message, 400, USER_FAULT, cause);

/** A value that the service's model forbids, worded as all AWS services do. */
export const invalidMember = (value: unknown, member: string, constraint: string) =>
  new AwsError(
    'ValidationException',
    `1 validation error detected: Value '${String(value)}' at '${member}' failed to satisfy constraint: Member must ${constraint}`,
    400,
  );

/** TooManyRequestsException with Lambda's `Reason`. */
export const tooManyRequests = (reason: string) =>
  new AwsError('TooManyRequestsException', 'Rate Exceeded.', 429, { ...USER_FAULT, Reason: reason });

/** The function exists but cannot be run here. */
export const cannotRun = (message: string) => new AwsError('InvalidRuntimeException', message, 502, USER_FAULT);

/** Throws ValidationException when `value` is outside `min`..`max`. */
export function checkRange(value: number, member: string, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min) {
    throw invalidMember(value, member, `have value greater than or equal to ${min}`);
  }
  if (value > max) throw invalidMember(value, member, `have value less than or equal to ${max}`);
}
