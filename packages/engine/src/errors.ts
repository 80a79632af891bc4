/** An error that a person has to resolve. `code` is stable. */
export class EngineError extends Error {
  readonly code: 'SPEC_UNREADABLE' | 'STATE_UNREADABLE' | 'MESSAGE_UNREADABLE' | 'MESSAGE_FORGED';

  constructor(code: EngineError['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'EngineError';
    this.code = code;
  }
}

/** Another writer changed the state after it was read. Read it again. */
export class StateConflict extends Error {
  constructor(uri: string) {
    super(`${uri} changed after it was read.`);
    this.name = 'StateConflict';
  }
}

/** A call of an AWS service that failed. */
export interface FailedCall {
  /** As in IAM actions. */
  readonly service: string;
  readonly operation: string;
  readonly input: object;
  /** ARN of the role that made it, where known. */
  readonly principal?: string;
}

const failedCalls = new WeakMap<object, FailedCall>();

/** Notes which call an error came from. */
export function nameFailedCall(error: unknown, call: FailedCall): void {
  if (typeof error === 'object' && error !== null) failedCalls.set(error, call);
}

/** The call that the error came from, if it came from one. */
export function failedCallOf(error: unknown): FailedCall | undefined {
  return typeof error === 'object' && error !== null ? failedCalls.get(error) : undefined;
}

/** Whether IAM, a resource policy or a key policy denied the call. S3 answers HEAD requests without a message. */
export function isDenied(error: unknown): boolean {
  const { name, message } = error as Error;
  return statusOf(error) === 403 || /AccessDenied|not authorized to perform/i.test(`${name} ${message}`);
}

/** Errors about a bucket or a key that only a person can end. */
const LASTING_ERRORS: readonly string[] = [
  'NoSuchBucket',
  'PermanentRedirect',
  'KMS.DisabledException',
  'KMS.NotFoundException',
  'KMS.KMSInvalidStateException',
];
/** HTTP status for a bucket in another region: an answer to HeadObject has no error code. */
const MOVED_PERMANENTLY = 301;

/** Whether the call fails until a person changes a permission, a bucket or a key. */
export function isLasting(error: unknown): boolean {
  const { name } = error as Error;
  return isDenied(error) || LASTING_ERRORS.includes(name) || statusOf(error) === MOVED_PERMANENTLY;
}

/** Whether the same call may succeed soon: it was throttled, the service failed, or there was no answer. */
export function isTransient(error: unknown): boolean {
  const status = statusOf(error) ?? 500;
  return status >= 500 || status === 429 || /throttl|slowdown|toomanyrequests/i.test((error as Error).name);
}

/** The HTTP status of the service's answer; undefined: there was none. */
export function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}
