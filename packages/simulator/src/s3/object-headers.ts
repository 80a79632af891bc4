import type { Input } from './calls.ts';
import { invalidArgument, s3Error } from './errors.ts';
import type { Described, ObjectHeaders } from './model.ts';
import { parseTagging } from './tags.ts';

/** `Expires` is text from the HTTP edge, which passes the header on, and a Date from SDK callers in process. */
type WriteInput = Omit<Partial<ObjectHeaders>, 'Expires'> &
  Pick<Input<'PutObject'>, 'Metadata' | 'Tagging' | 'ACL'> & { readonly Expires?: Date | string | undefined };

const HEADERS = [
  'ContentType',
  'CacheControl',
  'ContentDisposition',
  'ContentEncoding',
  'ContentLanguage',
  'Expires',
  'WebsiteRedirectLocation',
  'StorageClass',
  'ServerSideEncryption',
  'SSEKMSKeyId',
  'BucketKeyEnabled',
] as const;

const ENCRYPTIONS = ['AES256', 'aws:kms', 'aws:kms:dsse'];

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

/** Maximum size of user metadata, keys and values together. */
const MAX_METADATA_BYTES = 2048;

/** What a write sets on its object. Throws for what S3 does not accept. */
export const describedBy = (input: WriteInput): Described => ({
  headers: headersOf(input),
  metadata: metadataOf(input),
  tags: parseTagging(input.Tagging),
});

/** The headers that a write sets. Throws InvalidStorageClass, InvalidArgument or AccessControlListNotSupported. */
export function headersOf(input: WriteInput): ObjectHeaders {
  // Buckets own their objects, as by default since 2023. AWS CLI sends `private`.
  if (input.ACL !== undefined && input.ACL !== 'bucket-owner-full-control' && input.ACL !== 'private') {
    throw s3Error('AccessControlListNotSupported');
  }
  const given = HEADERS.flatMap((name) => (input[name] === undefined ? [] : [[name, input[name]]]));
  const headers: ObjectHeaders = {
    ...{ ContentType: 'binary/octet-stream', StorageClass: 'STANDARD', ServerSideEncryption: 'AES256' },
    ...Object.fromEntries(given),
  };
  if (!STORAGE_CLASSES.includes(headers.StorageClass)) {
    throw s3Error('InvalidStorageClass', { StorageClassRequested: headers.StorageClass });
  }
  const { ServerSideEncryption: encryption } = headers;
  if (!ENCRYPTIONS.includes(encryption)) {
    const message = 'The encryption method specified is not supported';
    throw invalidArgument(message, 'x-amz-server-side-encryption', encryption);
  }
  const expires: Date | string | undefined = headers.Expires;
  return expires === undefined ? headers : { ...headers, Expires: httpDate(expires) };
}

/** The text of a header with a time. */
export const httpDate = (value: Date | string): string => (value instanceof Date ? value.toUTCString() : value);

/** User metadata, keys in lower case. Throws MetadataTooLarge. */
function metadataOf(input: WriteInput): Record<string, string> {
  const entries = Object.entries(input.Metadata ?? {}).map(([key, value]) => [key.toLowerCase(), value] as const);
  const size = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  if (size > MAX_METADATA_BYTES) throw s3Error('MetadataTooLarge', { Size: size, MaxSizeAllowed: MAX_METADATA_BYTES });
  return Object.fromEntries(entries);
}
