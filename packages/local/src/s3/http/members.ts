import type { IncomingMessage, ServerResponse } from 'node:http';
import { CHECKSUM_ALGORITHMS } from '../checksums.ts';
import { invalidArgument } from '../errors.ts';
import { contentEncodings } from './request-body.ts';

type Kind = 'string' | 'integer' | 'boolean' | 'date' | 'strings';

/** Members of inputs that are request headers. One table for all operations; each ignores members that it has not. */
const REQUEST_HEADERS: Readonly<Record<string, readonly [header: string, kind: Kind]>> = {
  ACL: ['x-amz-acl', 'string'],
  BucketKeyEnabled: ['x-amz-server-side-encryption-bucket-key-enabled', 'boolean'],
  CacheControl: ['cache-control', 'string'],
  ChecksumMode: ['x-amz-checksum-mode', 'string'],
  ChecksumType: ['x-amz-checksum-type', 'string'],
  ContentDisposition: ['content-disposition', 'string'],
  ContentLanguage: ['content-language', 'string'],
  ContentMD5: ['content-md5', 'string'],
  ContentType: ['content-type', 'string'],
  CopySource: ['x-amz-copy-source', 'string'],
  CopySourceIfMatch: ['x-amz-copy-source-if-match', 'string'],
  CopySourceIfModifiedSince: ['x-amz-copy-source-if-modified-since', 'date'],
  CopySourceIfNoneMatch: ['x-amz-copy-source-if-none-match', 'string'],
  CopySourceIfUnmodifiedSince: ['x-amz-copy-source-if-unmodified-since', 'date'],
  CopySourceRange: ['x-amz-copy-source-range', 'string'],
  ExpectedBucketOwner: ['x-amz-expected-bucket-owner', 'string'],
  ExpectedSourceBucketOwner: ['x-amz-source-expected-bucket-owner', 'string'],
  Expires: ['expires', 'string'],
  IfMatch: ['if-match', 'string'],
  IfModifiedSince: ['if-modified-since', 'date'],
  IfNoneMatch: ['if-none-match', 'string'],
  IfUnmodifiedSince: ['if-unmodified-since', 'date'],
  MaxParts: ['x-amz-max-parts', 'integer'],
  MetadataDirective: ['x-amz-metadata-directive', 'string'],
  MpuObjectSize: ['x-amz-mp-object-size', 'integer'],
  ObjectAttributes: ['x-amz-object-attributes', 'strings'],
  ObjectLockEnabledForBucket: ['x-amz-bucket-object-lock-enabled', 'boolean'],
  ObjectLockLegalHoldStatus: ['x-amz-object-lock-legal-hold', 'string'],
  ObjectLockMode: ['x-amz-object-lock-mode', 'string'],
  ObjectLockRetainUntilDate: ['x-amz-object-lock-retain-until-date', 'string'],
  PartNumberMarker: ['x-amz-part-number-marker', 'string'],
  Range: ['range', 'string'],
  SSECustomerAlgorithm: ['x-amz-server-side-encryption-customer-algorithm', 'string'],
  SSEKMSKeyId: ['x-amz-server-side-encryption-aws-kms-key-id', 'string'],
  ServerSideEncryption: ['x-amz-server-side-encryption', 'string'],
  StorageClass: ['x-amz-storage-class', 'string'],
  Tagging: ['x-amz-tagging', 'string'],
  TaggingDirective: ['x-amz-tagging-directive', 'string'],
  WebsiteRedirectLocation: ['x-amz-website-redirect-location', 'string'],
};

/** Members of inputs that are query parameters. */
const REQUEST_QUERY: Readonly<Record<string, readonly [parameter: string, kind: Kind]>> = {
  ContinuationToken: ['continuation-token', 'string'],
  Delimiter: ['delimiter', 'string'],
  EncodingType: ['encoding-type', 'string'],
  FetchOwner: ['fetch-owner', 'boolean'],
  KeyMarker: ['key-marker', 'string'],
  Marker: ['marker', 'string'],
  MaxBuckets: ['max-buckets', 'integer'],
  MaxKeys: ['max-keys', 'integer'],
  MaxParts: ['max-parts', 'integer'],
  MaxUploads: ['max-uploads', 'integer'],
  PartNumber: ['partNumber', 'integer'],
  PartNumberMarker: ['part-number-marker', 'string'],
  Prefix: ['prefix', 'string'],
  ResponseCacheControl: ['response-cache-control', 'string'],
  ResponseContentDisposition: ['response-content-disposition', 'string'],
  ResponseContentEncoding: ['response-content-encoding', 'string'],
  ResponseContentLanguage: ['response-content-language', 'string'],
  ResponseContentType: ['response-content-type', 'string'],
  ResponseExpires: ['response-expires', 'string'],
  StartAfter: ['start-after', 'string'],
  UploadId: ['uploadId', 'string'],
  UploadIdMarker: ['upload-id-marker', 'string'],
  VersionId: ['versionId', 'string'],
  VersionIdMarker: ['version-id-marker', 'string'],
};

/** Reads the members of an input from headers and query parameters. Throws InvalidArgument. */
export function readMembers(req: IncomingMessage, query: URLSearchParams): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const [member, [name, kind]] of Object.entries(REQUEST_HEADERS)) {
    const value = req.headers[name];
    if (value !== undefined) input[member] = convert(name, kind, String(value));
  }
  for (const [member, [name, kind]] of Object.entries(REQUEST_QUERY)) {
    const value = query.get(name);
    // S3 treats these parameters as absent if they are empty.
    if (value !== null && value !== '') input[member] = convert(name, kind, value);
  }
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const value = req.headers[`x-amz-checksum-${algorithm.toLowerCase()}`];
    if (value !== undefined) input[`Checksum${algorithm}`] = String(value);
  }
  const algorithm = req.headers['x-amz-sdk-checksum-algorithm'] ?? req.headers['x-amz-checksum-algorithm'];
  if (algorithm !== undefined) input.ChecksumAlgorithm = String(algorithm);
  const encodings = contentEncodings(req).filter((encoding) => encoding !== 'aws-chunked');
  if (encodings.length > 0) input.ContentEncoding = encodings.join(',');
  const metadata = Object.entries(req.headers).flatMap(([name, value]) =>
    name.startsWith('x-amz-meta-') ? [[name.slice('x-amz-meta-'.length), String(value)] as const] : [],
  );
  if (metadata.length > 0) input.Metadata = Object.fromEntries(metadata);
  return input;
}

function convert(name: string, kind: Kind, value: string): unknown {
  switch (kind) {
    case 'string':
      return value;
    case 'strings':
      return value.split(',').map((entry) => entry.trim());
    case 'boolean':
      return value.toLowerCase() === 'true';
    case 'integer':
      if (!/^-?\d{1,15}$/.test(value)) {
        throw invalidArgument(`Provided ${name} not an integer or within integer range`, name, value);
      }
      return Number(value);
    case 'date': {
      const date = new Date(value);
      // RFC 9110: a condition with an invalid date is ignored.
      return Number.isNaN(date.getTime()) ? undefined : date;
    }
  }
}

/** Members of outputs that are response headers. */
const RESPONSE_HEADERS: Readonly<Record<string, string>> = {
  AcceptRanges: 'accept-ranges',
  BucketKeyEnabled: 'x-amz-server-side-encryption-bucket-key-enabled',
  BucketRegion: 'x-amz-bucket-region',
  CacheControl: 'cache-control',
  ChecksumAlgorithm: 'x-amz-checksum-algorithm',
  ChecksumCRC32: 'x-amz-checksum-crc32',
  ChecksumCRC32C: 'x-amz-checksum-crc32c',
  ChecksumCRC64NVME: 'x-amz-checksum-crc64nvme',
  ChecksumSHA1: 'x-amz-checksum-sha1',
  ChecksumSHA256: 'x-amz-checksum-sha256',
  ChecksumType: 'x-amz-checksum-type',
  ContentDisposition: 'content-disposition',
  ContentEncoding: 'content-encoding',
  ContentLanguage: 'content-language',
  ContentLength: 'content-length',
  ContentRange: 'content-range',
  ContentType: 'content-type',
  CopySourceVersionId: 'x-amz-copy-source-version-id',
  DeleteMarker: 'x-amz-delete-marker',
  ETag: 'etag',
  ExpiresString: 'expires',
  LastModified: 'last-modified',
  Location: 'location',
  PartsCount: 'x-amz-mp-parts-count',
  SSEKMSKeyId: 'x-amz-server-side-encryption-aws-kms-key-id',
  ServerSideEncryption: 'x-amz-server-side-encryption',
  StorageClass: 'x-amz-storage-class',
  TagCount: 'x-amz-tagging-count',
  VersionId: 'x-amz-version-id',
  WebsiteRedirectLocation: 'x-amz-website-redirect-location',
};

/** Sets the headers for the members of `output` that are not in the response's XML. */
export function writeMembers(res: ServerResponse, output: object, inXml: (member: string) => boolean): void {
  for (const [member, value] of Object.entries(output)) {
    const name = RESPONSE_HEADERS[member];
    if (name === undefined || value === undefined || inXml(member)) continue;
    res.setHeader(name, headerText(value instanceof Date ? value.toUTCString() : String(value)));
  }
  const { Metadata: metadata } = output as { Metadata?: Record<string, string> };
  for (const [name, value] of Object.entries(metadata ?? {})) res.setHeader(`x-amz-meta-${name}`, headerText(value));
}

/** Text for a header; encoded by RFC 2047, as S3 does, if a header cannot hold it. */
export const headerText = (value: string): string =>
  /^[\t\x20-\x7e\x80-\xff]*$/.test(value) ? value : `=?UTF-8?B?${Buffer.from(value).toString('base64')}?=`;
