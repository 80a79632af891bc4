import type { ObjectHeaders } from './model.ts';

/** A bucket's default encryption; undefined means S3's own keys. */
export interface BucketEncryption {
  readonly Rules?: readonly {
    readonly ApplyServerSideEncryptionByDefault?: { readonly SSEAlgorithm?: string; readonly KMSMasterKeyID?: string };
    readonly BucketKeyEnabled?: boolean;
  }[];
}

/** The headers of an object in a bucket with this default encryption. `asked` is the encryption of the write itself. */
export function encrypted(
  headers: ObjectHeaders,
  asked: string | undefined,
  encryption: BucketEncryption | undefined,
): ObjectHeaders {
  const { ApplyServerSideEncryptionByDefault: rule, BucketKeyEnabled } = encryption?.Rules?.[0] ?? {};
  if (asked !== undefined || !rule?.SSEAlgorithm?.startsWith('aws:kms')) return headers;
  const { SSEAlgorithm, KMSMasterKeyID } = rule;
  return {
    ...headers,
    ServerSideEncryption: SSEAlgorithm,
    ...(KMSMasterKeyID && { SSEKMSKeyId: KMSMasterKeyID }),
    ...(BucketKeyEnabled && { BucketKeyEnabled }),
  };
}

/** The key that KMS encrypts an object with; undefined for S3's own keys and the default `aws/s3`. */
export function keyIdOf({ ServerSideEncryption, SSEKMSKeyId }: ObjectHeaders): string | undefined {
  return ServerSideEncryption.startsWith('aws:kms') ? SSEKMSKeyId : undefined;
}
