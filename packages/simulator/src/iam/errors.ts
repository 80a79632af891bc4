import { AwsError } from '../core/aws-error.ts';
import type { Caller, Permission } from '../core/cloud.ts';

/** Services with XML protocols answer `AccessDenied` with HTTP 403, those with JSON `AccessDeniedException`. */
const XML_SERVICES = new Set(['s3', 'cloudformation', 'iam', 'sts']);
/** Services with the protocol AWS JSON 1.0 or 1.1 answer 400, those with REST JSON 403. */
const STATUS_400_SERVICES = new Set(['ssm', 'events', 'sagemaker', 'logs', 'kms']);

const serviceOf = (action: string) => action.slice(0, action.indexOf(':'));
const statusOf = (service: string) => (STATUS_400_SERVICES.has(service) ? 400 : 403);

/** The error of the called service. `reason` completes "… because …". */
export function accessDenied(caller: Caller, { action, resource }: Permission, reason: string): AwsError {
  const service = serviceOf(action);
  return new AwsError(
    XML_SERVICES.has(service) ? 'AccessDenied' : 'AccessDeniedException',
    `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${resource} because ${reason}`,
    statusOf(service),
  );
}

/** The error for a call with the keys of a deleted role. */
export function invalidToken(action: string): AwsError {
  const service = serviceOf(action);
  if (service === 's3') {
    return new AwsError('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.', 403);
  }
  const code = XML_SERVICES.has(service) ? 'InvalidClientTokenId' : 'UnrecognizedClientException';
  return new AwsError(code, 'The security token included in the request is invalid.', statusOf(service));
}

/** MalformedPolicyDocument. `detail` says more than AWS does. */
export const malformed = (message: string, detail?: string) =>
  new AwsError('MalformedPolicyDocument', detail === undefined ? message : `${message} ${detail}`, 400);

/** AWS names no reason. */
export const syntaxError = (detail?: string) => malformed('Syntax errors in policy.', detail);

export const noSuchEntity = (message: string) => new AwsError('NoSuchEntity', message, 404);
export const entityExists = (message: string) => new AwsError('EntityAlreadyExists', message, 409);
export const deleteConflict = (message: string) => new AwsError('DeleteConflict', message, 409);
export const limitExceeded = (message: string) => new AwsError('LimitExceeded', message, 409);
export const invalidInput = (message: string) => new AwsError('ValidationError', message, 400);
