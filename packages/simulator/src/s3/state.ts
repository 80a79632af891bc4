import { createHash } from 'node:crypto';
import type { ServerSideEncryptionConfiguration } from '@aws-sdk/client-s3';
import { AwsError } from '../core/aws-error.ts';
import type { Deps } from '../core/cloud.ts';
import type { PolicyHolder } from '../core/policy-holder.ts';
import type { KeyUse, Kms } from '../kms/kms.ts';
import type { BlobReferences } from './blob-references.ts';
import type { S3Call } from './calls.ts';
import { S3Error, s3Error } from './errors.ts';
import { type ObjectChange, objectEvent, type S3Event } from './events.ts';
import type { Bucket, ObjectHeaders, ObjectVersion } from './model.ts';
import { indexFrom } from './sorted-keys.ts';

/** The services that S3 works with. */
export interface S3Ports {
  /** Receives the events of buckets with an EventBridgeConfiguration, after each change. */
  readonly emit: (event: S3Event) => void;
  /** Enforces the buckets' policies. */
  readonly iam?: PolicyHolder;
  /** Authorizes the use of objects' keys. */
  readonly kms?: Pick<Kms, 'authorizeUse'>;
}

/** What a delete marker has of an object. */
const DELETE_MARKER = {
  deleteMarker: true,
  size: 0,
  etag: 'd41d8cd98f00b204e9800998ecf8427e',
  segments: [],
  headers: { ContentType: '', StorageClass: 'STANDARD', ServerSideEncryption: 'AES256' },
  metadata: {},
  tags: [],
};

const DELETED = { 'detail-type': 'Object Deleted', reason: 'DeleteObject' } as const;

/** All buckets, and the rules by which versions come and go. Each method is atomic. */
export class S3State {
  readonly buckets = new Map<string, Bucket>();
  readonly deps: Deps;
  readonly blobs: BlobReferences;
  /** The account as the owner of buckets and objects, by its canonical user id. */
  readonly owner: { readonly ID: string };
  /** Who begins uploads: of these, S3 still tells the name. */
  readonly initiator: { readonly ID: string; readonly DisplayName: string };
  readonly #ports: S3Ports;
  #sequence = 0;

  constructor(deps: Deps, blobs: BlobReferences, ports: S3Ports) {
    this.deps = deps;
    this.blobs = blobs;
    this.owner = { ID: createHash('sha256').update(deps.account.accountId).digest('hex') };
    this.initiator = { ...this.owner, DisplayName: deps.account.accountId };
    this.#ports = ports;
  }

  save() {
    return { buckets: this.buckets, sequence: this.#sequence };
  }

  /** The bytes are in the blob store, and the policies in IAM. */
  load({ buckets, sequence }: ReturnType<S3State['save']>): void {
    this.#sequence = sequence;
    for (const [name, bucket] of buckets) {
      this.buckets.set(name, bucket);
      const uploads = [...bucket.uploads.values()].map(({ parts }) => [...parts.values()]);
      for (const content of [...bucket.objects.values(), ...uploads].flat()) this.blobs.retain(content.segments);
    }
  }

  /** Sets or removes the policy that IAM enforces on the bucket and its objects. */
  setPolicy(bucket: Bucket, policy: string | undefined): void {
    try {
      this.#ports.iam?.setResourcePolicy(this.arnOf(bucket.name), policy);
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
  bucket(name = ''): Bucket {
    const bucket = this.buckets.get(name);
    if (!bucket) throw s3Error('NoSuchBucket', { BucketName: name });
    return bucket;
  }

  /** Of a bucket, or of an object: `<bucket>/<key>`. */
  arnOf(resource: string): string {
    return `arn:${this.deps.account.partition}:s3:::${resource}`;
  }

  /** The object as a plain GET sees it. */
  live(bucket: Bucket, key: string): ObjectVersion | undefined {
    const newest = bucket.objects.get(key)?.[0];
    return newest?.deleteMarker ? undefined : newest;
  }

  /** The VersionId of responses: none in a bucket that was never versioned. */
  shownVersionId(bucket: Bucket, { versionId }: ObjectVersion): { VersionId?: string } {
    return bucket.versioning === undefined ? {} : { VersionId: versionId };
  }

  /**
   * Authorizes the use of the KMS key of an object that has, or will have, these headers, and returns the key's ARN;
   * undefined for S3's own keys and the default `aws/s3`. Throws AccessDenied, or an error `KMS.…` for a key that
   * cannot be used.
   */
  authorizeKey(
    { caller, bucket }: Pick<S3Call, 'caller' | 'bucket'>,
    { key, headers }: Pick<ObjectVersion, 'key' | 'headers'>,
    action: KeyUse['actions'][number],
  ): string | undefined {
    const { ServerSideEncryption, SSEKMSKeyId: keyId, BucketKeyEnabled } = headers;
    if (keyId === undefined || !ServerSideEncryption.startsWith('aws:kms')) return undefined;
    // A bucket key is a data key for the whole bucket.
    const encrypted = this.arnOf(BucketKeyEnabled ? bucket.name : `${bucket.name}/${key}`);
    const use = { keyId, actions: [action], service: 's3', encryptionContext: { 'aws:s3:arn': encrypted } };
    try {
      return this.#ports.kms?.authorizeUse(caller, use);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      const isDenied = error.code === 'AccessDeniedException';
      throw new S3Error(isDenied ? 'AccessDenied' : `KMS.${error.code}`, error.message, isDenied ? 403 : 400);
    }
  }

  /** The headers of a new object, encrypted as the request says or else the bucket. Throws as `authorizeKey` does. */
  encryptedHeaders(call: S3Call, key: string, given: ObjectHeaders): ObjectHeaders {
    const { ServerSideEncryption: asked } = call.input as { ServerSideEncryption?: string };
    const headers = asked === undefined ? encryptedByDefault(call.bucket, given) : given;
    const keyArn = this.authorizeKey(call, { key, headers }, 'GenerateDataKey');
    // An alias can move to another key, so the object records the key.
    return keyArn === undefined ? headers : { ...headers, SSEKMSKeyId: keyArn };
  }

  /** Makes `version`, whose content the caller has retained, the newest of its key, and notifies EventBridge. */
  put(
    call: S3Call,
    version: Omit<ObjectVersion, 'versionId' | 'deleteMarker' | 'lastModified'> & { readonly lastModified?: number },
    reason: 'PutObject' | 'CopyObject' | 'CompleteMultipartUpload',
  ): ObjectVersion {
    const stored = this.#push(call.bucket, { lastModified: this.now(), ...version, deleteMarker: false });
    this.#publish(call, stored, { 'detail-type': 'Object Created', reason });
    return stored;
  }

  /**
   * DeleteObject: removes the version, or hides the key behind a delete marker. Succeeds for a missing object. Returns
   * the version that is removed, or the delete marker that is created.
   */
  remove(call: S3Call, key: string, versionId: string | undefined) {
    const { bucket } = call;
    if (versionId === undefined && bucket.versioning !== undefined) {
      const marker = this.#push(bucket, { ...DELETE_MARKER, key, lastModified: this.now() });
      this.#publish(call, marker, { ...DELETED, 'deletion-type': 'Delete Marker Created' });
      return { versionId: marker.versionId, deleteMarker: true };
    }
    const removed = this.#take(bucket, key, versionId ?? 'null');
    if (removed) this.#publish(call, removed, { ...DELETED, 'deletion-type': 'Permanently Deleted' });
    return { versionId, deleteMarker: removed?.deleteMarker ?? false };
  }

  /** Sets or removes the tags of a version, and notifies EventBridge. */
  setTags(call: S3Call, version: ObjectVersion, tags: ObjectVersion['tags'] | undefined): void {
    version.tags = tags ?? [];
    this.#publish(call, version, { 'detail-type': tags ? 'Object Tags Added' : 'Object Tags Deleted' });
  }

  #push(bucket: Bucket, version: Omit<ObjectVersion, 'versionId'>): ObjectVersion {
    overtakeUploads(bucket, version.key);
    const versionId = bucket.versioning === 'Enabled' ? this.deps.ids.hex(32) : 'null';
    if (versionId === 'null') this.#take(bucket, version.key, 'null');
    const stored = { ...version, versionId };
    const versions = bucket.objects.get(version.key);
    if (versions) {
      versions.unshift(stored);
    } else {
      bucket.objects.set(version.key, [stored]);
      bucket.keys.splice(indexFrom(bucket.keys, version.key), 0, version.key);
    }
    return stored;
  }

  #take(bucket: Bucket, key: string, versionId: string): ObjectVersion | undefined {
    const versions = bucket.objects.get(key) ?? [];
    const index = versions.findIndex((version) => version.versionId === versionId);
    const [removed] = index < 0 ? [] : versions.splice(index, 1);
    if (!removed) return undefined;
    overtakeUploads(bucket, key);
    if (versions.length === 0) {
      bucket.objects.delete(key);
      bucket.keys.splice(indexFrom(bucket.keys, key), 1);
    }
    this.blobs.release(removed.segments);
    return removed;
  }

  #publish(call: S3Call, version: ObjectVersion, change: ObjectChange): void {
    if (!call.bucket.eventBridge) return;
    if (change.reason) this.#sequence += 1;
    const sequencer = change.reason && this.#sequence.toString(16).toUpperCase().padStart(16, '0');
    this.#ports.emit(objectEvent(this.deps, call, version, { ...change, sequencer }));
  }
}

/** Marks the uploads that began before a change of the key's object. */
function overtakeUploads({ uploads }: Bucket, key: string): void {
  for (const upload of uploads.values()) if (upload.key === key) upload.overtaken = true;
}

/** The headers of an object in a bucket with a default encryption; without one, S3's own keys encrypt it. */
function encryptedByDefault({ configurations }: Bucket, headers: ObjectHeaders): ObjectHeaders {
  const encryption = configurations.get('ServerSideEncryptionConfiguration') as
    | ServerSideEncryptionConfiguration
    | undefined;
  const { ApplyServerSideEncryptionByDefault: rule, BucketKeyEnabled } = encryption?.Rules?.[0] ?? {};
  if (!rule?.SSEAlgorithm?.startsWith('aws:kms')) return headers;
  return {
    ...headers,
    ServerSideEncryption: rule.SSEAlgorithm,
    ...(rule.KMSMasterKeyID && { SSEKMSKeyId: rule.KMSMasterKeyID }),
    ...(BucketKeyEnabled && { BucketKeyEnabled }),
  };
}
