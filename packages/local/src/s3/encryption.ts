import type { ObjectHeaders } from './model.ts';

/** A bucket's default encryption; undefined means S3's own keys. */
export interface BucketEncryption {
  readonly Rules?: readonly {
    readonly ApplyServerSideEncryptionByDefault?: { readonly SSEAlgorithm?: string; readonly KMSMasterKeyID?: string };
  }[];
}

/** The headers of an object in a bucket with this default encryption. `asked` is the encryption of the write itself. */
export function encrypted(
  headers: ObjectHeaders,
  asked: string | undefined,
  encryption: BucketEncryption | undefined,
): ObjectHeaders {
  const rule = encryption?.Rules?.[0]?.ApplyServerSideEncryptionByDefault;
  if (asked !== undefined || !rule?.SSEAlgorithm?.startsWith('aws:kms')) return headers;
  const { SSEAlgorithm, KMSMasterKeyID } = rule;
  return { ...headers, ServerSideEncryption: SSEAlgorithm, ...(KMSMasterKeyID && { SSEKMSKeyId: KMSMasterKeyID }) };
}

/** ARN of the customer's key that encrypts an object; undefined for S3's and AWS's keys, which everyone can use. */
export function keyArnOf(
  { ServerSideEncryption, SSEKMSKeyId }: ObjectHeaders,
  arnOfKey: (id: string) => string,
): string | undefined {
  if (!ServerSideEncryption.startsWith('aws:kms') || SSEKMSKeyId === undefined) return undefined;
  if (/(^|:)alias\/aws\//.test(SSEKMSKeyId)) return undefined;
  return SSEKMSKeyId.startsWith('arn:') ? SSEKMSKeyId : arnOfKey(SSEKMSKeyId);
}
