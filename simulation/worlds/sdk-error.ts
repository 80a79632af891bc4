import { AwsError } from '@freshpoint/local/core/aws-error';

/** How an injected fault fails a call. */
export type Mishap = 'throttled' | 'server' | 'network';

/** An error as the clients of the SDK throw it. */
function sdkError(name: string, message: string, status: number | undefined): Error {
  return Object.assign(new Error(message), {
    name,
    $fault: status !== undefined && status >= 500 ? 'server' : 'client',
    $metadata: { ...(status !== undefined && { httpStatusCode: status }), attempts: 3 },
  });
}

/** The error of a service, as its client throws it. */
export function asSdkError(error: unknown): Error {
  if (error instanceof AwsError) return sdkError(error.code, error.message, error.status);
  const { message, stack } = error as Error;
  return Object.assign(sdkError('InternalFailure', message, 500), { stack });
}

/** The error of a mishap. */
export function mishapError(mishap: Mishap): Error {
  if (mishap === 'throttled') return sdkError('ThrottlingException', 'Rate exceeded', 400);
  if (mishap === 'server') return sdkError('InternalFailure', 'We encountered an internal error.', 500);
  return sdkError('TimeoutError', 'socket hang up', undefined);
}

/** The error of a conditional write whose condition does not hold. */
export function conditionFailure(): Error {
  return sdkError('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412);
}
