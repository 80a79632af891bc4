import { AwsError } from '../core/aws-error.ts';
import type { Stack, StackEvent } from './stack.ts';

/** A failure whose message is CloudFormation's own reason, shown as it is. */
export class ResourceFailure extends Error {}

/** The ResourceStatusReason for an error that a provider threw. */
export function failureReason(error: unknown, requestToken: string): string {
  if (error instanceof ResourceFailure) return error.message;
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof AwsError)) return `Internal Failure: ${message}`;
  if (error.code === 'ValidationError') return message;
  const details = `(RequestToken: ${requestToken}, HandlerErrorCode: ${handlerErrorCode(error)})`;
  return `Resource handler returned message: "${message}" ${details}`;
}

/** Whether the error means that the resource does not exist, or, as a key may be, that it is deleted already. */
export function isMissing(error: unknown): boolean {
  if (!(error instanceof AwsError)) return false;
  const { code, message } = error;
  return (
    /NotFound|NoSuch|NonExistentQueue|QueueDoesNotExist/.test(code) ||
    (code === 'ValidationException' && /^Could not find |does not exist\.$/.test(message)) ||
    (code === 'KMSInvalidStateException' && /is pending deletion\.$/.test(message))
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

/** A failed deployment. The message names the resource that failed first and why. */
export class DeploymentError extends Error {
  readonly stackName: string;
  /** The stack's status at the end, e.g. `UPDATE_ROLLBACK_COMPLETE`. */
  readonly status: string;
  /** The event of the first failure; absent if no resource failed. */
  readonly event?: StackEvent;

  constructor(stack: Stack, events: readonly StackEvent[]) {
    const first = events.find(
      ({ status, reason }) =>
        status.endsWith('_FAILED') && reason !== undefined && !/^Resource .* cancelled$/.test(reason),
    );
    const why = first
      ? `${first.logicalId} (${first.type}) ${first.status}: ${first.reason}`
      : (events.find(({ status, reason }) => status.includes('ROLLBACK') && reason !== undefined)?.reason ??
        stack.reason ??
        'no reason was given');
    super(`Stack ${stack.stackName} is ${stack.status}. ${why}`);
    this.name = 'DeploymentError';
    this.stackName = stack.stackName;
    this.status = stack.status;
    this.event = first;
  }
}
