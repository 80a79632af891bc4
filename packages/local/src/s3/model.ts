import type { BucketVersioningStatus, Tag } from '@aws-sdk/client-s3';
import type { Segment } from './blob-references.ts';
import type { Checksum, ChecksumAlgorithm, ChecksumType } from './checksums.ts';
import type { SortedMap } from './sorted-map.ts';

/** What a writer says about an object besides its bytes; as members of the SDK's shapes. */
export interface ObjectHeaders {
  ContentType: string;
  CacheControl?: string;
  ContentDisposition?: string;
  ContentEncoding?: string;
  ContentLanguage?: string;
  /** As it was sent. */
  Expires?: string;
  WebsiteRedirectLocation?: string;
  StorageClass: string;
  ServerSideEncryption: string;
  SSEKMSKeyId?: string;
  BucketKeyEnabled?: boolean;
}

/** Content at rest: what an object version and a part have in common. */
export interface Content {
  readonly size: number;
  /** Hex MD5, or of a multipart upload the MD5 of its parts' MD5s with `-<parts>`; without quotes. */
  readonly etag: string;
  readonly segments: readonly Segment[];
  readonly checksum?: Checksum;
}

/** The content of a delete marker is empty. */
export interface ObjectVersion extends Content {
  readonly key: string;
  /** `null` while the bucket isn't versioned. */
  readonly versionId: string;
  readonly deleteMarker: boolean;
  /** Epoch milliseconds, whole seconds; of a multipart upload the time of its initiation, as in S3. */
  readonly lastModified: number;
  readonly headers: ObjectHeaders;
  readonly metadata: Readonly<Record<string, string>>;
  /** Replaced as a whole, never changed in place. */
  tags: readonly Tag[];
  /** Of an object that a multipart upload made, in order. */
  readonly parts?: readonly { readonly number: number; readonly size: number; readonly checksum?: Checksum }[];
}

/** A part of an upload in progress. */
export interface Part extends Content {
  readonly number: number;
  readonly lastModified: number;
}

/** A multipart upload in progress. */
export interface Upload {
  readonly id: string;
  readonly key: string;
  readonly initiated: number;
  readonly headers: ObjectHeaders;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: readonly Tag[];
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly type: ChecksumType };
  readonly parts: Map<number, Part>;
}

/** A bucket and everything in it. */
export interface Bucket {
  readonly name: string;
  readonly created: number;
  versioning: BucketVersioningStatus | undefined;
  eventBridge: boolean;
  policy: string | undefined;
  /** Configurations that are kept but have no effect here, by name (`Lifecycle`, `Encryption`, …). */
  readonly configurations: Map<string, unknown>;
  /** Per key its versions, the newest first; never empty. */
  readonly objects: SortedMap<ObjectVersion[]>;
  readonly uploads: Map<string, Upload>;
}
