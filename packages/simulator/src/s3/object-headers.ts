import type { CreateMultipartUploadCommandInput, PutObjectCommandInput } from '@aws-sdk/client-s3';
import { invalidArgument, notImplemented, S3Error } from './errors.ts';
import type { ObjectHeaders } from './model.ts';

type WriteInput = Pick<
  PutObjectCommandInput & CreateMultipartUploadCommandInput,
  | keyof ObjectHeaders
  | 'Metadata'
  | 'ACL'
  | 'SSECustomerAlgorithm'
  | 'ObjectLockMode'
  | 'ObjectLockRetainUntilDate'
  | 'ObjectLockLegalHoldStatus'
>;

const STORAGE_CLASSES = [
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER',
  'DEEP_ARCHIVE',
  'GLACIER_IR',
];

/** The headers that a write sets on its object. Throws NotImplemented for features that are not simulated. */
export function headersOf(input: WriteInput): ObjectHeaders {
  if (input.SSECustomerAlgorithm !== undefined) throw notImplemented('encryption with customer-provided keys (SSE-C)');
  if (input.ObjectLockMode ?? input.ObjectLockRetainUntilDate ?? input.ObjectLockLegalHoldStatus) {
    throw notImplemented('Object Lock');
  }
  // Buckets own their objects, as by default since 2023. AWS CLI sends `private`.
  if (input.ACL !== undefined && input.ACL !== 'bucket-owner-full-control' && input.ACL !== 'private') {
    throw new S3Error('AccessControlListNotSupported', 'The bucket does not allow ACLs', 400);
  }
  const storageClass = input.StorageClass ?? 'STANDARD';
  if (!STORAGE_CLASSES.includes(storageClass)) {
    throw new S3Error('InvalidStorageClass', 'The storage class you specified is not valid', 400);
  }
  // The HTTP edge passes the header on as text; SDK callers in process give a Date.
  const expires = input.Expires as Date | string | undefined;
  const all: ObjectHeaders = {
    ContentType: input.ContentType ?? 'binary/octet-stream',
    CacheControl: input.CacheControl,
    ContentDisposition: input.ContentDisposition,
    ContentEncoding: input.ContentEncoding,
    ContentLanguage: input.ContentLanguage,
    Expires: expires instanceof Date ? expires.toUTCString() : expires,
    WebsiteRedirectLocation: input.WebsiteRedirectLocation,
    StorageClass: storageClass,
    ServerSideEncryption: checkedEncryption(input.ServerSideEncryption),
    SSEKMSKeyId: input.SSEKMSKeyId,
    BucketKeyEnabled: input.BucketKeyEnabled,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as unknown as ObjectHeaders;
}

function checkedEncryption(asked: string | undefined): string {
  const encryption = asked ?? 'AES256';
  if (!['AES256', 'aws:kms', 'aws:kms:dsse'].includes(encryption)) {
    throw invalidArgument(
      'The encryption method specified is not supported',
      'x-amz-server-side-encryption',
      encryption,
    );
  }
  return encryption;
}

/** Maximum size of user metadata, keys and values together. */
const MAX_METADATA_BYTES = 2048;

/** User metadata, keys in lower case. Throws MetadataTooLarge. */
export function metadataOf(input: Pick<WriteInput, 'Metadata'>): Record<string, string> {
  const entries = Object.entries(input.Metadata ?? {}).map(([key, value]) => [key.toLowerCase(), value] as const);
  const size = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  if (size > MAX_METADATA_BYTES) {
    throw new S3Error('MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size', 400, {
      Size: String(size),
      MaxSizeAllowed: String(MAX_METADATA_BYTES),
    });
  }
  return Object.fromEntries(entries);
}

/** The encryption members of a write's response. */
export const encryptionOf = ({ ServerSideEncryption, SSEKMSKeyId, BucketKeyEnabled }: ObjectHeaders) => ({
  ServerSideEncryption: ServerSideEncryption as 'AES256' | 'aws:kms' | 'aws:kms:dsse',
  ...(SSEKMSKeyId === undefined ? {} : { SSEKMSKeyId }),
  ...(BucketKeyEnabled === undefined ? {} : { BucketKeyEnabled }),
});
