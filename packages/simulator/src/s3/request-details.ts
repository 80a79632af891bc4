import type { ChecksumAlgorithm } from './checksums.ts';

/** Key under which the HTTP edge adds details to an input that the SDK's shape has no member for. */
export const REQUEST_DETAILS = Symbol('requestDetails');

/** Details of an HTTP request beyond the SDK's shape. */
export interface RequestDetails {
  readonly requestId: string;
  readonly sourceIp: string;
  /** Why the document in the body cannot be read. S3 says so only if the bucket exists. */
  readonly malformed?: Error;
  /** `x-amz-content-sha256`, if it is a hash. */
  readonly payloadSha256?: string;
  /** A checksum after the body: its algorithm, and its base64 value once the body has been read, or InvalidRequest. */
  readonly trailer?: { readonly algorithm: ChecksumAlgorithm; value(): string };
}

/** The details of a request; absent for calls in process. */
export const detailsOf = (input: object): RequestDetails | undefined =>
  (input as { [REQUEST_DETAILS]?: RequestDetails })[REQUEST_DETAILS];
