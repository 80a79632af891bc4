import { AwsError } from '../core/aws-error.ts';
import type { Caller, Deps } from '../core/cloud.ts';
import type { PolicyHolder } from '../core/policy-holder.ts';
import type { KeyUse, Kms } from '../kms/kms.ts';
import type { BlobReferences } from './blob-references.ts';
import { type BucketEncryption, encrypted, keyIdOf } from './encryption.ts';
import { kmsError, noSuchBucket, S3Error } from './errors.ts';
import type { S3Event, S3EventDetail } from './events.ts';
import type { Bucket, Content, ObjectHeaders, ObjectVersion } from './model.ts';
import type { ByteRange } from './ranges.ts';
import { detailsOf } from './request-details.ts';
import { slice } from './segment.ts';
import { SortedMap } from './sorted-map.ts';

/** MD5 of no bytes: the ETag in the event of a delete marker. */
const EMPTY_MD5 = 'd41d8cd98f00b204e9800998ecf8427e';

/** The services that S3 works with. */
export interface S3Ports {
  /** Receives the events of buckets with an EventBridgeConfiguration, after each change. */
  readonly emit: (event: S3Event) => void;
  /** Enforces the buckets' policies. */
  readonly iam?: PolicyHolder;
  /** Authorizes the use of objects' keys. */
  readonly kms?: Pick<Kms, 'authorizeUse'>;
}

/** An operation's input and its caller. */
export interface S3Request {
  readonly input: object;
  readonly caller: Caller;
}

/** Result of a delete. */
export interface Deletion {
  /** The version removed, or the delete marker created. */
  readonly versionId?: string;
  readonly deleteMarker?: true;
}

/** All buckets, and the rules by which versions come and go. Each method is atomic. */
export class S3State {
  readonly buckets = new Map<string, Bucket>();
  readonly deps: Deps;
  readonly blobs: BlobReferences;
  readonly #ports: S3Ports;
  #sequence = 0;

  constructor(deps: Deps, blobs: BlobReferences, ports: S3Ports) {
    this.deps = deps;
    this.blobs = blobs;
    this.#ports = ports;
  }

  save() {
    const buckets = [...this.buckets.values()].map((bucket) => ({ ...bucket, objects: [...bucket.objects.entries()] }));
    return { buckets, sequence: this.#sequence };
  }

  /** The bytes are in the blob store, and the policies in IAM. */
  load({ buckets, sequence }: ReturnType<S3State['save']>): void {
    this.#sequence = sequence;
    for (const { objects, ...bucket } of buckets) {
      const sorted = new SortedMap<ObjectVersion[]>();
      for (const [key, versions] of objects) {
        sorted.set(key, versions);
        for (const { segments } of versions) this.blobs.retain(segments);
      }
      for (const { parts } of bucket.uploads.values()) {
        for (const { segments } of parts.values()) this.blobs.retain(segments);
      }
      this.buckets.set(bucket.name, { ...bucket, objects: sorted });
    }
  }

  /** Sets or removes the policy that IAM enforces on the bucket and its objects. */
  setPolicy(bucket: Bucket, policy: string | undefined): void {
    try {
      this.#ports.iam?.setResourcePolicy(this.bucketArn(bucket.name), policy);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      throw new S3Error('MalformedPolicy', error.message, 400);
    }
    bucket.policy = policy;
  }

  /** Epoch milliseconds in whole seconds, S3's resolution of times. */
  now(): number {
    return Math.floor(this.deps.clock.now() / 1000) * 1000;
  }

  /** Throws NoSuchBucket. */
  bucket(name: string | undefined): Bucket {
    const bucket = this.buckets.get(name ?? '');
    if (!bucket) throw noSuchBucket(name ?? '');
    return bucket;
  }

  bucketArn(bucket: string): string {
    return `arn:${this.deps.account.partition}:s3:::${bucket}`;
  }

  /** The object as a plain GET sees it. */
  live(bucket: Bucket, key: string): ObjectVersion | undefined {
    const newest = bucket.objects.get(key)?.[0];
    return newest?.deleteMarker ? undefined : newest;
  }

  /** The VersionId of responses: none in a bucket that was never versioned. */
  shownVersionId(bucket: Bucket, version: ObjectVersion): { VersionId?: string } {
    return bucket.versioning === undefined ? {} : { VersionId: version.versionId };
  }

  /**
   * Authorizes the use of the KMS key of an object that has, or will have, these headers, and returns the key's ARN.
   * Throws AccessDenied, or an error `KMS.…` for a key that cannot be used.
   */
  authorizeKey(
    caller: Caller,
    bucket: Bucket,
    { key, headers }: Pick<ObjectVersion, 'key' | 'headers'>,
    ...actions: KeyUse['actions']
  ): string | undefined {
    const keyId = keyIdOf(headers);
    if (keyId === undefined) return undefined;
    const bucketArn = this.bucketArn(bucket.name);
    // A bucket key is a data key for the whole bucket.
    const encryptionContext = { 'aws:s3:arn': headers.BucketKeyEnabled ? bucketArn : `${bucketArn}/${key}` };
    try {
      return this.#ports.kms?.authorizeUse(caller, { keyId, actions, service: 's3', encryptionContext });
    } catch (error) {
      throw error instanceof AwsError ? kmsError(error) : error;
    }
  }

  /** The headers of a new object, encrypted as the request says or else the bucket. Throws as `authorizeKey` does. */
  encryptedHeaders(
    bucket: Bucket,
    { key, headers }: Pick<ObjectVersion, 'key' | 'headers'>,
    { input, caller }: S3Request,
  ): ObjectHeaders {
    const { ServerSideEncryption: asked } = input as { ServerSideEncryption?: string };
    const encryption = bucket.configurations.get('ServerSideEncryptionConfiguration') as BucketEncryption | undefined;
    const result = encrypted(headers, asked, encryption);
    const keyArn = this.authorizeKey(caller, bucket, { key, headers: result }, 'GenerateDataKey');
    // An alias can move to another key, so the object records the key.
    return keyArn === undefined ? result : { ...result, SSEKMSKeyId: keyArn };
  }

  /** Makes `version`, whose content the caller has retained, the newest of its key, and notifies EventBridge. */
  put(
    bucket: Bucket,
    version: Omit<ObjectVersion, 'versionId' | 'deleteMarker'>,
    reason: 'PutObject' | 'CopyObject' | 'CompleteMultipartUpload',
    request: S3Request,
  ): ObjectVersion {
    const stored: ObjectVersion = { ...version, versionId: this.#newVersionId(bucket), deleteMarker: false };
    this.#push(bucket, stored);
    const { size, etag } = stored;
    this.#publish('Object Created', bucket, request, {
      object: { ...this.#eventObject(bucket, stored), size, etag, sequencer: this.#nextSequencer() },
      reason,
    });
    return stored;
  }

  /** DeleteObject: removes the version, or hides the key behind a delete marker. Succeeds for a missing object. */
  remove(bucket: Bucket, key: string, versionId: string | undefined, request: S3Request): Deletion {
    if (versionId === undefined && bucket.versioning !== undefined) {
      const marker = this.#deleteMarker(bucket, key);
      this.#push(bucket, marker);
      this.#publishDeleted(bucket, marker, 'Delete Marker Created', request);
      return { versionId: marker.versionId, deleteMarker: true };
    }
    const removed = this.#take(bucket, key, versionId ?? 'null');
    const shown = versionId === undefined ? {} : { versionId };
    if (!removed) return shown;
    this.#publishDeleted(bucket, removed, 'Permanently Deleted', request);
    return removed.deleteMarker ? { ...shown, deleteMarker: true } : shown;
  }

  /** Notifies EventBridge that an object's tags were set or removed. */
  publishTags(
    change: 'Object Tags Added' | 'Object Tags Deleted',
    bucket: Bucket,
    version: ObjectVersion,
    request: S3Request,
  ): void {
    this.#publish(change, bucket, request, {
      object: { ...this.#eventObject(bucket, version), etag: version.etag },
    });
  }

  /** Retains and returns a second reference to a range of `content`, for a copy. */
  share(content: Content, { start, length }: ByteRange): Content['segments'] {
    const segments = slice(content.segments, start, length);
    this.blobs.retain(segments);
    return segments;
  }

  #deleteMarker(bucket: Bucket, key: string): ObjectVersion {
    return {
      key,
      versionId: this.#newVersionId(bucket),
      deleteMarker: true,
      lastModified: this.now(),
      size: 0,
      etag: EMPTY_MD5,
      segments: [],
      headers: { ContentType: '', StorageClass: 'STANDARD', ServerSideEncryption: 'AES256' },
      metadata: {},
      tags: [],
    };
  }

  #push(bucket: Bucket, version: ObjectVersion): void {
    if (version.versionId === 'null') this.#take(bucket, version.key, 'null');
    const versions = bucket.objects.get(version.key);
    if (versions) versions.unshift(version);
    else bucket.objects.set(version.key, [version]);
  }

  #take(bucket: Bucket, key: string, versionId: string): ObjectVersion | undefined {
    const versions = bucket.objects.get(key) ?? [];
    const index = versions.findIndex((version) => version.versionId === versionId);
    const [removed] = index < 0 ? [] : versions.splice(index, 1);
    if (!removed) return undefined;
    if (versions.length === 0) bucket.objects.delete(key);
    this.blobs.release(removed.segments);
    return removed;
  }

  #newVersionId(bucket: Bucket): string {
    return bucket.versioning === 'Enabled' ? this.deps.ids.hex(32) : 'null';
  }

  #nextSequencer(): string {
    this.#sequence += 1;
    return this.#sequence.toString(16).toUpperCase().padStart(16, '0');
  }

  #publishDeleted(
    bucket: Bucket,
    version: ObjectVersion,
    deletionType: 'Permanently Deleted' | 'Delete Marker Created',
    request: S3Request,
  ): void {
    this.#publish('Object Deleted', bucket, request, {
      object: { ...this.#eventObject(bucket, version), etag: version.etag, sequencer: this.#nextSequencer() },
      reason: 'DeleteObject',
      'deletion-type': deletionType,
    });
  }

  #eventObject(bucket: Bucket, version: ObjectVersion): Pick<S3EventDetail['object'], 'key' | 'version-id'> {
    return { key: version.key, ...(bucket.versioning === undefined ? {} : { 'version-id': version.versionId }) };
  }

  #publish(
    detailType: S3Event['detail-type'],
    bucket: Bucket,
    { input, caller }: S3Request,
    { object, ...rest }: Pick<S3EventDetail, 'object' | 'reason' | 'deletion-type'>,
  ): void {
    if (!bucket.eventBridge) return;
    const details = detailsOf(input);
    this.#ports.emit({
      source: 'aws.s3',
      'detail-type': detailType,
      resources: [this.bucketArn(bucket.name)],
      detail: {
        version: '0',
        bucket: { name: bucket.name },
        object,
        'request-id': details?.requestId ?? this.deps.ids.hex(16).toUpperCase(),
        requester: caller.service ?? this.deps.account.accountId,
        'source-ip-address': details?.sourceIp ?? '127.0.0.1',
        ...rest,
      },
    });
  }
}
