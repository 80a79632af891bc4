import type { Deps, Operation, Service } from '../core/cloud.ts';
import { blobReferences } from './blob-references.ts';
import type { BlobStore } from './blob-store.ts';
import type { S3Call } from './calls.ts';
import { S3Error, s3Error } from './errors.ts';
import { bucketOperations } from './operations/buckets.ts';
import { configurationOperations } from './operations/configurations.ts';
import { copyOperations } from './operations/copies.ts';
import { deleteOperations } from './operations/deletes.ts';
import { listingOperations } from './operations/listing.ts';
import { multipartOperations } from './operations/multipart.ts';
import { objectOperations } from './operations/objects.ts';
import { taggingOperations } from './operations/tagging.ts';
import { s3Permissions } from './permissions.ts';
import { detailsOf } from './request-details.ts';
import { type S3Ports, S3State } from './state.ts';

/**
 * S3 as a state machine over the clock and a blob store; metadata is in memory. Register `service`.
 * Without `extras.iam` and `extras.kms`, the policies of buckets and the keys of objects are only stored.
 */
export function createS3(deps: Deps, extras: S3Ports & { readonly blobs: BlobStore }): { readonly service: Service } {
  const { accountId, partition } = deps.account;
  const state = new S3State(deps, blobReferences(extras.blobs), extras);
  const all: Record<string, (call: S3Call<never>) => unknown> = {
    ...bucketOperations(state),
    ...configurationOperations(state),
    ...objectOperations(state),
    ...deleteOperations(state),
    ...copyOperations(state),
    ...multipartOperations(state),
    ...listingOperations(state),
    ...taggingOperations(state),
  };
  const operations = Object.entries(all).map(([name, run]): [string, Operation<never>] => [
    name,
    {
      permissions: s3Permissions(name, partition),
      run(input: BucketInput, caller) {
        for (const owner of [input.ExpectedBucketOwner, input.ExpectedSourceBucketOwner]) {
          if (owner === undefined || owner === accountId) continue;
          if (/^\d{12}$/.test(owner)) throw s3Error('AccessDenied');
          const message = 'The value of the expected bucket owner parameter must be an AWS Account ID';
          throw new S3Error('InvalidBucketOwnerAWSAccountID', `${message}... [${owner}]`, 400);
        }
        const malformed = detailsOf(input)?.malformed;
        if (malformed && name !== 'CreateBucket') state.bucket(input.Bucket);
        if (malformed) throw malformed;
        const call = {
          input: input as never,
          caller,
          get bucket() {
            return state.bucket(input.Bucket);
          },
        };
        return run(call);
      },
    },
  ]);
  const durable: Service['durable'] = {
    save: () => state.save(),
    load(saved) {
      state.load(saved);
      extras.blobs.keepOnly?.(state.blobs.names());
    },
  };
  return { service: { name: 's3', operations: Object.fromEntries(operations), durable } };
}

/** Members that name a bucket, and the expected owners of buckets. */
interface BucketInput {
  readonly Bucket?: string;
  readonly ExpectedBucketOwner?: string;
  readonly ExpectedSourceBucketOwner?: string;
}
