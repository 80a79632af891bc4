import { AwsError } from '../core/aws-error.ts';

/** An S3 error; its members become elements of the XML. */
export class S3Error extends AwsError {
  /** Headers of the response. */
  readonly headers: Record<string, string> = {};

  constructor(code: string, message: string, status: number, members: Record<string, string> = {}) {
    super(code, message, status, members);
  }

  /** Adds headers to the response. */
  withHeaders(headers: Readonly<Record<string, string>>): this {
    Object.assign(this.headers, headers);
    return this;
  }
}

/** 404. */
export const noSuchBucket = (bucket: string) =>
  new S3Error('NoSuchBucket', 'The specified bucket does not exist', 404, { BucketName: bucket });

/** 404. */
export const noSuchKey = (key: string) =>
  new S3Error('NoSuchKey', 'The specified key does not exist.', 404, { Key: key });

/** 404 to a HEAD request, whose response has no body: the SDK names the error NotFound. */
export const notFoundHead = () => new S3Error('NotFound', 'Not Found', 404);

/** 404. */
export const noSuchVersion = (key: string, versionId: string) =>
  new S3Error('NoSuchVersion', 'The specified version does not exist.', 404, { Key: key, VersionId: versionId });

/** 404, also for an upload that has ended. */
export const noSuchUpload = (uploadId: string) =>
  new S3Error(
    'NoSuchUpload',
    'The specified upload does not exist. ' +
      'The upload ID may be invalid, or the upload may have been aborted or completed.',
    404,
    { UploadId: uploadId },
  );

/** 412; `condition` is the header that failed. */
export const preconditionFailed = (condition: string) =>
  new S3Error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412, {
    Condition: condition,
  });

/** 400; with the argument's name and value if S3 returns them. */
export const invalidArgument = (message: string, name?: string, value?: string) =>
  new S3Error('InvalidArgument', message, 400, {
    ...(name === undefined ? {} : { ArgumentName: name }),
    ...(value === undefined ? {} : { ArgumentValue: value }),
  });

/** 400. */
export const invalidRequest = (message: string) => new S3Error('InvalidRequest', message, 400);

/** 400; `digest` is `Content-MD5` or a checksum's algorithm. */
export const badDigest = (digest: string) => {
  const actual = digest === 'Content-MD5' ? 'what we received' : 'the calculated checksum';
  return new S3Error('BadDigest', `The ${digest} you specified did not match ${actual}.`, 400);
};

/** 400. */
export const payloadMismatch = () =>
  new S3Error(
    'XAmzContentSHA256Mismatch',
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
    400,
  );

/** 400: fewer or more bytes than declared. */
export const incompleteBody = () =>
  new S3Error(
    'IncompleteBody',
    'You did not provide the number of bytes specified by the Content-Length HTTP header',
    400,
  );

/** 400; sizes in bytes. */
export const entityTooLarge = (size: number, limit: number) =>
  new S3Error('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', 400, {
    ProposedSize: String(size),
    MaxSizeAllowed: String(limit),
  });

/** 400. */
export const malformedXml = () =>
  new S3Error(
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
    400,
  );

/** 403 or 400: an error of KMS, as S3 passes it on. */
export const kmsError = ({ code, message }: AwsError) =>
  code === 'AccessDeniedException'
    ? new S3Error('AccessDenied', message, 403)
    : new S3Error(`KMS.${code}`, message, 400);

/** 501; `feature` names what the local runtime lacks. */
export const notImplemented = (feature: string) =>
  new S3Error(
    'NotImplemented',
    'A header you provided implies functionality that is not implemented. ' +
      `The local runtime does not simulate ${feature}.`,
    501,
  );
