import { AwsError } from '@freshpoint/simulator/core/aws-error';

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

/** The error of a mishap, in the service's words. */
export function mishapError(mishap: Mishap, service: string): Error {
  if (mishap === 'network')
    return Object.assign(sdkError('Error', 'read ECONNRESET', undefined), { code: 'ECONNRESET' });
  if (service === 's3') {
    if (mishap === 'throttled') return sdkError('SlowDown', 'Please reduce your request rate.', 503);
    return sdkError('InternalError', 'We encountered an internal error. Please try again.', 500);
  }
  if (mishap === 'server') return sdkError('InternalFailure', 'We encountered an internal error.', 500);
  const name = service === 'cloudformation' ? 'Throttling' : 'ThrottlingException';
  return sdkError(name, 'Rate exceeded', 400);
}
