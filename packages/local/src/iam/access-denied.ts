import { AwsError } from '../core/aws-error.ts';
import type { Caller, Permission } from '../core/cloud.ts';

/** Services whose protocol is XML say `AccessDenied`, HTTP 403; those with JSON say `AccessDeniedException`. */
const xmlServices = new Set(['s3', 'cloudformation', 'iam', 'sts']);
/** AWS JSON 1.0/1.1 answers 400; REST JSON answers 403. */
const status400 = new Set(['ssm', 'events', 'sagemaker', 'logs']);

/** The error that the called service gives. `because` completes "… because …". */
export function accessDenied(caller: Caller, { action, resource }: Permission, because: string): AwsError {
  const service = action.slice(0, action.indexOf(':'));
  return new AwsError(
    xmlServices.has(service) ? 'AccessDenied' : 'AccessDeniedException',
    `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${resource} because ${because}`,
    status400.has(service) ? 400 : 403,
  );
}

/** What a call with the keys of a deleted role gets. */
export function invalidToken(action: string): AwsError {
  const service = action.slice(0, action.indexOf(':'));
  const message = 'The security token included in the request is invalid.';
  if (service === 's3') {
    return new AwsError('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.', 403);
  }
  if (xmlServices.has(service)) return new AwsError('InvalidClientTokenId', message, 403);
  return new AwsError('UnrecognizedClientException', message, status400.has(service) ? 400 : 403);
}
