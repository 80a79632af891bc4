import { AwsError } from '../core/aws-error.ts';

/** A reason that CloudFormation itself gives: shown as it is. */
export class ResourceFailure extends Error {}

/** The ResourceStatusReason for what a provider threw. */
export function failureReason(error: unknown, requestToken: string): string {
  if (error instanceof ResourceFailure) return error.message;
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof AwsError)) return `Internal Failure: ${message}`;
  if (error.code === 'ValidationError') return message;
  return `Resource handler returned message: "${message}" (RequestToken: ${requestToken}, HandlerErrorCode: ${handlerErrorCode(error)})`;
}

/** Does the error say that the resource isn't there? */
export function isMissing(error: unknown): boolean {
  if (!(error instanceof AwsError)) return false;
  return (
    /NotFound|NoSuch|NonExistentQueue|QueueDoesNotExist/.test(error.code) ||
    (error.code === 'ValidationException' && /^Could not find /.test(error.message))
  );
}

function handlerErrorCode(error: AwsError): string {
  if (/AlreadyExist|Conflict|ResourceInUse|BucketAlready/.test(error.code) || /already exist/.test(error.message)) {
    return 'AlreadyExists';
  }
  if (isMissing(error)) return 'NotFound';
  if (/AccessDenied|NotAuthorized/.test(error.code)) return 'AccessDenied';
  if (/Throttl|TooManyRequests/.test(error.code)) return 'Throttling';
  if (/LimitExceeded/.test(error.code)) return 'ServiceLimitExceeded';
  return error.status >= 500 ? 'GeneralServiceException' : 'InvalidRequest';
}
