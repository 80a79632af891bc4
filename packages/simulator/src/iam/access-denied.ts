import { AwsError } from '../core/aws-error.ts';
import type { Caller, Permission } from '../core/cloud.ts';

/** Services with XML protocols answer `AccessDenied` with HTTP 403, those with JSON `AccessDeniedException`. */
const XML_SERVICES = new Set(['s3', 'cloudformation', 'iam', 'sts']);
/** Services with the protocol AWS JSON 1.0 or 1.1 answer 400, those with REST JSON 403. */
const STATUS_400_SERVICES = new Set(['ssm', 'events', 'sagemaker', 'logs', 'kms']);

/** The error of the called service. `reason` completes "… because …". */
export function accessDenied(caller: Caller, { action, resource }: Permission, reason: string): AwsError {
  const service = action.slice(0, action.indexOf(':'));
  return new AwsError(
    XML_SERVICES.has(service) ? 'AccessDenied' : 'AccessDeniedException',
    `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${resource} because ${reason}`,
    STATUS_400_SERVICES.has(service) ? 400 : 403,
  );
}

/** The error for a call with the keys of a deleted role. */
export function invalidToken(action: string): AwsError {
  const service = action.slice(0, action.indexOf(':'));
  const message = 'The security token included in the request is invalid.';
  if (service === 's3') {
    return new AwsError('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.', 403);
  }
  if (XML_SERVICES.has(service)) return new AwsError('InvalidClientTokenId', message, 403);
  return new AwsError('UnrecognizedClientException', message, STATUS_400_SERVICES.has(service) ? 400 : 403);
}
