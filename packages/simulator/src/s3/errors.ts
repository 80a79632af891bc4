import { AwsError } from '../core/aws-error.ts';

/** An S3 error; its members become elements of the XML. */
export class S3Error extends AwsError {
  /** Headers of the response. */
  readonly headers: Record<string, string> = {};

  /** Adds headers to the response. */
  withHeaders(headers: Readonly<Record<string, string>>): this {
    Object.assign(this.headers, headers);
    return this;
  }
}

/** HTTP status and text of the errors that S3 always words the same. */
const ERRORS = {
  AccessControlListNotSupported: [400, 'The bucket does not allow ACLs'],
  AccessDenied: [403, 'Access Denied'],
  BucketAlreadyOwnedByYou: [409, 'Your previous request to create the named bucket succeeded and you already own it.'],
  ConditionalRequestConflict: [
    409,
    'The conditional request cannot succeed due to a conflicting operation against this resource.',
  ],
  EntityTooLarge: [400, 'Your proposed upload exceeds the maximum allowed size'],
  EntityTooSmall: [400, 'Your proposed upload is smaller than the minimum allowed size'],
  IllegalVersioningConfigurationException: [400, 'The Versioning element must be specified'],
  IncompleteBody: [400, 'You did not provide the number of bytes specified by the Content-Length HTTP header'],
  InvalidBucketName: [400, 'The specified bucket is not valid.'],
  InvalidDigest: [400, 'The Content-MD5 you specified was invalid.'],
  InvalidLocationConstraint: [400, 'The specified location-constraint is not valid'],
  InvalidObjectState: [403, "The operation is not valid for the object's storage class"],
  InvalidPart: [
    400,
    'One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified ' +
      "entity tag may not match the part's entity tag.",
  ],
  InvalidPartNumber: [416, 'The requested partnumber is not satisfiable'],
  InvalidPartOrder: [400, 'The list of parts was not in ascending order. Parts must be ordered by part number.'],
  InvalidRange: [416, 'The requested range is not satisfiable'],
  InvalidStorageClass: [400, 'The storage class you specified is not valid'],
  InvalidURI: [400, "Couldn't parse the specified URI."],
  KeyTooLongError: [400, 'Your key is too long'],
  MalformedXML: [400, 'The XML you provided was not well-formed or did not validate against our published schema'],
  MaxMessageLengthExceeded: [400, 'Your request was too big.'],
  MetadataTooLarge: [400, 'Your metadata headers exceed the maximum allowed metadata size'],
  MethodNotAllowed: [405, 'The specified method is not allowed against this resource.'],
  MissingContentLength: [411, 'You must provide the Content-Length HTTP header.'],
  NoSuchBucket: [404, 'The specified bucket does not exist'],
  NoSuchBucketPolicy: [404, 'The bucket policy does not exist'],
  NoSuchKey: [404, 'The specified key does not exist.'],
  NoSuchUpload: [
    404,
    'The specified upload does not exist. ' +
      'The upload ID may be invalid, or the upload may have been aborted or completed.',
  ],
  NoSuchVersion: [404, 'The specified version does not exist.'],
  /** To a HEAD request, whose response has no body: the SDK names the error NotFound. */
  NotFound: [404, 'Not Found'],
  NotModified: [304, 'Not Modified'],
  NotImplemented: [501, 'A header you provided implies functionality that is not implemented'],
  PolicyTooLarge: [400, 'The policy exceeds the maximum allowed document size.'],
  PreconditionFailed: [412, 'At least one of the pre-conditions you specified did not hold'],
  XAmzContentSHA256Mismatch: [400, "The provided 'x-amz-content-sha256' header does not match what was computed."],
} as const;

/** An error in S3's words; `members` say what it is about. */
export function s3Error(code: keyof typeof ERRORS, members: Readonly<Record<string, string | number>> = {}): S3Error {
  const [status, message] = ERRORS[code];
  return new S3Error(code, message, status, members);
}

/** 400; with the argument's name and value. */
export const invalidArgument = (message: string, ArgumentName: string, ArgumentValue = '') =>
  new S3Error('InvalidArgument', message, 400, { ArgumentName, ArgumentValue });

/** 400. */
export const invalidRequest = (message: string) => new S3Error('InvalidRequest', message, 400);

/** 400; `digest` is `Content-MD5` or a checksum's algorithm. */
export function badDigest(digest: string, members: Readonly<Record<string, string>> = {}): S3Error {
  const actual = digest === 'Content-MD5' ? 'what we received' : 'the calculated checksum';
  return new S3Error('BadDigest', `The ${digest} you specified did not match ${actual}.`, 400, members);
}

/** 501; `feature` names what the local runtime lacks. */
export const notImplemented = (feature: string) =>
  new S3Error(
    'NotImplemented',
    'A header you provided implies functionality that is not implemented. ' +
      `The local runtime does not simulate ${feature}.`,
    501,
  );
