import type { Caller, Deps, Operation, Service } from '../core/cloud.ts';
import { BlobReferences } from './blob-references.ts';
import type { BlobStore } from './blob-store.ts';
import { s3Error } from './errors.ts';
import { bucketOperations } from './operations/buckets.ts';
import { configurationOperations } from './operations/configurations.ts';
import { copyOperations } from './operations/copies.ts';
import { deleteOperations } from './operations/deletes.ts';
import { listingOperations } from './operations/listing.ts';
import { multipartOperations } from './operations/multipart.ts';
import { objectOperations } from './operations/objects.ts';
import { taggingOperations } from './operations/tagging.ts';
import { type PermissionInput, s3Permissions } from './permissions.ts';
import { type S3Ports, S3State } from './state.ts';

/** S3: register `service`. */
export interface S3 {
  readonly service: Service;
}

/**
 * S3 as a state machine over the clock and a blob store; metadata is in memory.
 * Without `extras.iam` and `extras.kms`, the policies of buckets and the keys of objects are only stored.
 */
export function createS3(deps: Deps, extras: S3Ports & { readonly blobs: BlobStore }): S3 {
  const state = new S3State(deps, new BlobReferences(extras.blobs), extras);
  const all: Record<string, (input: never, caller: Caller) => unknown> = {
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
      permissions: (input: PermissionInput) => s3Permissions(name, input, deps.account.partition),
      run(input: OwnerInput, caller) {
        for (const owner of [input.ExpectedBucketOwner, input.ExpectedSourceBucketOwner]) {
          if (owner !== undefined && owner !== deps.account.accountId) throw s3Error('AccessDenied');
        }
        return run(input as never, caller);
      },
    },
  ]);
  return {
    service: {
      name: 's3',
      operations: Object.fromEntries(operations),
      durable: {
        save: () => state.save(),
        load(saved) {
          state.load(saved);
          extras.blobs.keepOnly?.(state.blobs.names());
        },
      },
    },
  };
}

/** Members that name the expected owner of a bucket. */
interface OwnerInput {
  readonly ExpectedBucketOwner?: string;
  readonly ExpectedSourceBucketOwner?: string;
}
