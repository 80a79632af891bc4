import type { Caller, Deps } from '../core/cloud.ts';
import { type BlobReferences, slice } from './blob-references.ts';
import { type BucketEncryption, encrypted, keyArnOf } from './encryption.ts';
import { noSuchBucket } from './errors.ts';
import type { S3Event, S3EventDetail } from './events.ts';
import type { Bucket, Content, ObjectHeaders, ObjectVersion } from './model.ts';
import { detailsOf } from './request-details.ts';

/** MD5 of nothing: the ETag that an event shows for a delete marker. */
const EMPTY_MD5 = 'd41d8cd98f00b204e9800998ecf8427e';

type EventObject = Omit<S3EventDetail['object'], 'key' | 'version-id'>;

/** Who asks resource policies at each call: IAM. */
export interface PolicyHolder {
  setResourcePolicy(resourceArn: string, document: string | undefined): void;
}

/** What became of a delete. */
export interface Deletion {
  /** The version removed, or the delete marker made. */
  readonly versionId?: string;
  readonly deleteMarker?: true;
}

/** All buckets, and the rules by which versions come and go. Each method is atomic. */
export class S3State {
  readonly buckets = new Map<string, Bucket>();
  readonly deps: Deps;
  readonly blobs: BlobReferences;
  readonly #emit: (event: S3Event) => void;
  readonly #iam: PolicyHolder | undefined;
  #sequence = 0;

  constructor(deps: Deps, blobs: BlobReferences, emit: (event: S3Event) => void, iam?: PolicyHolder) {
    this.deps = deps;
    this.blobs = blobs;
    this.#emit = emit;
    this.#iam = iam;
  }

  /** Sets the policy that is asked at each call on the bucket and its objects; undefined takes it away. */
  setPolicy(bucket: Bucket, policy: string | undefined): void {
    this.#iam?.setResourcePolicy(this.bucketArn(bucket.name), policy);
    bucket.policy = policy;
  }

  /** Epoch milliseconds at whole seconds: S3 tells times no finer. */
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

  /** The VersionId of responses and events: none in a bucket that was never versioned. */
  shownVersionId(bucket: Bucket, version: ObjectVersion): { VersionId?: string } {
    return bucket.versioning === undefined ? {} : { VersionId: version.versionId };
  }

  /** Asks whether the caller may use the key that an object is, or is to be, encrypted with. Throws AccessDenied. */
  askKey(caller: Caller, headers: ObjectHeaders, ...actions: readonly ('Decrypt' | 'GenerateDataKey')[]): void {
    const { partition, region, accountId } = this.deps.account;
    const resource = keyArnOf(headers, (id) => `arn:${partition}:kms:${region}:${accountId}:key/${id}`);
    if (resource === undefined) return;
    for (const action of actions) this.deps.cloud.authorize(caller, { action: `kms:${action}`, resource });
  }

  /** Makes `content`, which the caller has retained, the newest version of `key`, and tells EventBridge. */
  put(
    bucket: Bucket,
    version: Omit<ObjectVersion, 'versionId' | 'deleteMarker'>,
    reason: 'PutObject' | 'CopyObject' | 'CompleteMultipartUpload',
    input: object,
    caller: Caller,
  ): ObjectVersion {
    const { ServerSideEncryption: asked } = input as { ServerSideEncryption?: string };
    const encryption = bucket.configurations.get('ServerSideEncryptionConfiguration') as BucketEncryption | undefined;
    const headers = encrypted(version.headers, asked, encryption);
    // What was uploaded in parts is read to be put together.
    const parts = reason === 'CompleteMultipartUpload' ? (['Decrypt'] as const) : [];
    this.askKey(caller, headers, 'GenerateDataKey', ...parts);
    const stored: ObjectVersion = { ...version, headers, versionId: this.#newVersionId(bucket), deleteMarker: false };
    this.#push(bucket, stored);
    this.#tell('Object Created', bucket, stored, input, caller, {
      object: { size: stored.size, etag: stored.etag, sequencer: this.#nextSequencer() },
      reason,
    });
    return stored;
  }

  /** DeleteObject: removes the version, or hides the key behind a delete marker. Deleting what isn't there succeeds. */
  remove(bucket: Bucket, key: string, versionId: string | undefined, input: object, caller: Caller): Deletion {
    if (versionId === undefined && bucket.versioning !== undefined) {
      const marker: ObjectVersion = {
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
      this.#push(bucket, marker);
      this.#tellDeleted(bucket, marker, 'Delete Marker Created', input, caller);
      return { versionId: marker.versionId, deleteMarker: true };
    }
    const removed = this.#take(bucket, key, versionId ?? 'null');
    const shown = versionId === undefined ? {} : { versionId };
    if (!removed) return shown;
    this.#tellDeleted(bucket, removed, 'Permanently Deleted', input, caller);
    return removed.deleteMarker ? { ...shown, deleteMarker: true } : shown;
  }

  /** Tells that an object's tags were set or removed. */
  tellTags(
    change: 'Object Tags Added' | 'Object Tags Deleted',
    bucket: Bucket,
    version: ObjectVersion,
    input: object,
    caller: Caller,
  ): void {
    this.#tell(change, bucket, version, input, caller, { object: { etag: version.etag } });
  }

  /** A second reference to (a stretch of) `content`, for a copy; retained. */
  share(content: Content, start = 0, length = content.size): Content['segments'] {
    const segments = slice(content.segments, start, length);
    this.blobs.retain(segments);
    return segments;
  }

  #push(bucket: Bucket, version: ObjectVersion): void {
    if (version.versionId === 'null') this.#take(bucket, version.key, 'null');
    const versions = bucket.objects.get(version.key);
    if (versions) versions.unshift(version);
    else bucket.objects.set(version.key, [version]);
  }

  #take(bucket: Bucket, key: string, versionId: string): ObjectVersion | undefined {
    const versions = bucket.objects.get(key);
    const index = versions?.findIndex((version) => version.versionId === versionId) ?? -1;
    if (!versions || index < 0) return undefined;
    const [removed] = versions.splice(index, 1);
    if (versions.length === 0) bucket.objects.delete(key);
    this.blobs.release(removed!.segments);
    return removed;
  }

  #newVersionId(bucket: Bucket): string {
    return bucket.versioning === 'Enabled' ? this.deps.ids.hex(32) : 'null';
  }

  #nextSequencer(): string {
    this.#sequence += 1;
    return this.#sequence.toString(16).toUpperCase().padStart(16, '0');
  }

  #tellDeleted(
    bucket: Bucket,
    version: ObjectVersion,
    deletionType: 'Permanently Deleted' | 'Delete Marker Created',
    input: object,
    caller: Caller,
  ): void {
    this.#tell('Object Deleted', bucket, version, input, caller, {
      object: { etag: version.etag, sequencer: this.#nextSequencer() },
      reason: 'DeleteObject',
      'deletion-type': deletionType,
    });
  }

  #tell(
    detailType: S3Event['detail-type'],
    bucket: Bucket,
    version: ObjectVersion,
    input: object,
    caller: Caller,
    { object, ...rest }: { object: EventObject } & Pick<S3EventDetail, 'reason' | 'deletion-type'>,
  ): void {
    if (!bucket.eventBridge) return;
    const details = detailsOf(input);
    this.#emit({
      source: 'aws.s3',
      'detail-type': detailType,
      resources: [this.bucketArn(bucket.name)],
      detail: {
        version: '0',
        bucket: { name: bucket.name },
        object: {
          key: version.key,
          ...object,
          ...(bucket.versioning === undefined ? {} : { 'version-id': version.versionId }),
        },
        'request-id': details?.requestId ?? this.deps.ids.hex(16).toUpperCase(),
        requester: caller.service ?? this.deps.account.accountId,
        'source-ip-address': details?.sourceIp ?? '127.0.0.1',
        ...rest,
      },
    });
  }
}
