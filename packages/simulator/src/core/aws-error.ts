interface ErrorDetails extends Readonly<Record<string, unknown>> {
  readonly cause?: unknown;
}

/**
 * An error as the called AWS API words it. Any other error that a service throws is a bug and is answered as
 * InternalFailure with HTTP 500.
 */
export class AwsError extends Error {
  readonly code: string;
  /** The HTTP status. */
  readonly status: number;
  /** Other members of the error's shape, for example `OriginalStatusCode` of ModelError. */
  readonly members: Readonly<Record<string, unknown>>;

  /** `details` are the error's other members, and `cause`, which is not sent to the client. */
  constructor(code: string, message: string, status = 400, { cause, ...members }: ErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = code;
    this.code = code;
    this.status = status;
    this.members = members;
  }
}
