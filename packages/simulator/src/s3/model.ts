import type { BucketVersioningStatus, Tag } from '@aws-sdk/client-s3';
import type { Segment } from './blob-references.ts';
import type { Checksum, ChecksumAlgorithm, ChecksumType } from './checksums.ts';

/** Headers of an object, named as in the SDK's shapes. */
export interface ObjectHeaders {
  ContentType: string;
  CacheControl?: string;
  ContentDisposition?: string;
  ContentEncoding?: string;
  ContentLanguage?: string;
  /** As received. */
  Expires?: string;
  WebsiteRedirectLocation?: string;
  StorageClass: string;
  ServerSideEncryption: string;
  SSEKMSKeyId?: string;
  BucketKeyEnabled?: boolean;
}

/** Stored content of an object version or a part. */
export interface Content {
  readonly size: number;
  /** Hex MD5, or of a multipart upload the MD5 of its parts' MD5s with `-<parts>`; without quotes. */
  readonly etag: string;
  readonly segments: readonly Segment[];
  readonly checksum?: Checksum | undefined;
}

/** What a write sets on its object, besides the content. */
export interface Described {
  readonly headers: ObjectHeaders;
  readonly metadata: Readonly<Record<string, string>>;
  /** Replaced as a whole, never mutated. */
  readonly tags: readonly Tag[];
}

/** The content of a delete marker is empty. */
export interface ObjectVersion extends Content, Described {
  readonly key: string;
  /** `null` unless versioning was enabled when it was written. */
  readonly versionId: string;
  readonly deleteMarker: boolean;
  /** Epoch milliseconds, whole seconds; of a multipart upload the time of its initiation, as in S3. */
  readonly lastModified: number;
  tags: readonly Tag[];
  /** The parts, in order, if a multipart upload created the object. */
  readonly parts?: readonly { readonly size: number; readonly checksum?: Checksum | undefined }[];
  /** The multipart upload that created the object. */
  readonly uploadId?: string;
}

/** A part of an upload in progress. */
export interface UploadedPart extends Content {
  readonly number: number;
  readonly lastModified: number;
}

/** A multipart upload in progress. */
export interface Upload extends Described {
  readonly id: string;
  readonly key: string;
  readonly initiated: number;
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly type: ChecksumType };
  readonly parts: Map<number, UploadedPart>;
  /** Whether the key was written or deleted since the upload began. */
  overtaken?: true;
}

/** A bucket and everything in it. */
export interface Bucket {
  readonly name: string;
  readonly created: number;
  versioning: BucketVersioningStatus | undefined;
  eventBridge: boolean;
  policy: string | undefined;
  /** Stored configurations by the name of their member, e.g. `LifecycleConfiguration`. */
  readonly configurations: Map<string, unknown>;
  /** The versions of each key, newest first; never an empty list. */
  readonly objects: Map<string, ObjectVersion[]>;
  /** The keys of `objects` in UTF-8 order. */
  readonly keys: string[];
  readonly uploads: Map<string, Upload>;
}
