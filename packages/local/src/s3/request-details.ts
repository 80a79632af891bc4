import type { ChecksumAlgorithm } from './checksums.ts';

/** Under this key the HTTP edge adds to an operation's input what the SDK's shape has no member for. */
export const REQUEST_DETAILS = Symbol('requestDetails');

/** What the HTTP edge knows about a request beyond the SDK's shape. */
export interface RequestDetails {
  readonly requestId: string;
  readonly sourceIp: string;
  /** `x-amz-content-sha256` when it is a hash. */
  readonly payloadSha256?: string;
  /** A checksum that follows the body: its algorithm, and its base64 value once the body has been read. */
  readonly trailer?: { readonly algorithm: ChecksumAlgorithm; value(): string | undefined };
}

/** Absent for calls within the process. */
export const detailsOf = (input: object): RequestDetails | undefined =>
  (input as { [REQUEST_DETAILS]?: RequestDetails })[REQUEST_DETAILS];
