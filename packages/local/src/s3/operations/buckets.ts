import type {
  CreateBucketCommandInput,
  CreateBucketCommandOutput,
  GetBucketLocationCommandOutput,
  HeadBucketCommandOutput,
  ListBucketsCommandInput,
  ListBucketsCommandOutput,
} from '@aws-sdk/client-s3';
import type { Operation } from '../../core/cloud.ts';
import { invalidArgument, notFound, notImplemented, S3Error } from '../errors.ts';
import { checkBucketName } from '../names.ts';
import { canonicalId } from '../owner.ts';
import { SortedMap } from '../sorted-map.ts';
import type { S3State } from '../state.ts';
import { compareUtf8 } from '../utf8-order.ts';
import type { Output } from './output.ts';

type Named = { readonly Bucket?: string };

/** Creating, finding and deleting buckets. */
export function bucketOperations(state: S3State): Record<string, Operation> {
  const { account } = state.deps;

  return {
    ListBuckets: {
      run(input: ListBucketsCommandInput): Output<ListBucketsCommandOutput> {
        const limit = input.MaxBuckets ?? 10_000;
        if (!(limit >= 1 && limit <= 10_000)) {
          throw invalidArgument(
            'Argument max-buckets must be an integer between 1 and 10000',
            'max-buckets',
            String(limit),
          );
        }
        const after = input.ContinuationToken;
        const names = [...state.buckets.keys()]
          .filter(
            (name) => name.startsWith(input.Prefix ?? '') && (after === undefined || compareUtf8(name, after) > 0),
          )
          .sort(compareUtf8);
        const page = names.slice(0, limit);
        return {
          Buckets: page.map((name) => ({ Name: name, CreationDate: new Date(state.bucket(name).created) })),
          Owner: { ID: canonicalId(account.accountId) },
          ...(names.length > limit ? { ContinuationToken: page.at(-1)! } : {}),
          ...(input.Prefix === undefined ? {} : { Prefix: input.Prefix }),
        };
      },
    },

    CreateBucket: {
      run(input: CreateBucketCommandInput): Output<CreateBucketCommandOutput> {
        const name = input.Bucket ?? '';
        checkBucketName(name);
        const location = input.CreateBucketConfiguration?.LocationConstraint as string | undefined;
        if (location !== undefined && location !== '' && location !== account.region) {
          throw new S3Error(
            'IllegalLocationConstraintException',
            `The ${location} location constraint is incompatible for the region specific endpoint this request was sent to.`,
            400,
          );
        }
        if (input.ObjectLockEnabledForBucket) throw notImplemented('Object Lock');
        if (state.buckets.has(name)) {
          throw new S3Error(
            'BucketAlreadyOwnedByYou',
            'Your previous request to create the named bucket succeeded and you already own it.',
            409,
            { BucketName: name },
          );
        }
        state.buckets.set(name, {
          name,
          created: state.now(),
          versioning: undefined,
          eventBridge: false,
          policy: undefined,
          configurations: new Map(),
          objects: new SortedMap(),
          uploads: new Map(),
        });
        return { Location: `/${name}`, BucketArn: state.bucketArn(name) };
      },
    },

    DeleteBucket: {
      run(input: Named): object {
        const bucket = state.bucket(input.Bucket);
        if (bucket.objects.size > 0) {
          throw new S3Error(
            'BucketNotEmpty',
            bucket.versioning === undefined
              ? 'The bucket you tried to delete is not empty'
              : 'The bucket you tried to delete is not empty. You must delete all versions in the bucket.',
            409,
            { BucketName: bucket.name },
          );
        }
        for (const upload of bucket.uploads.values()) {
          for (const part of upload.parts.values()) state.blobs.release(part.segments);
        }
        bucket.uploads.clear();
        state.setPolicy(bucket, undefined);
        state.buckets.delete(bucket.name);
        return {};
      },
    },

    HeadBucket: {
      run(input: Named): Output<HeadBucketCommandOutput> {
        if (!state.buckets.has(input.Bucket ?? '')) throw notFound();
        return { BucketRegion: account.region, AccessPointAlias: false, BucketArn: state.bucketArn(input.Bucket!) };
      },
    },

    GetBucketLocation: {
      run(input: Named): Output<GetBucketLocationCommandOutput> {
        state.bucket(input.Bucket);
        // us-east-1 is the region without a constraint.
        if (account.region === 'us-east-1') return {};
        return { LocationConstraint: account.region as GetBucketLocationCommandOutput['LocationConstraint'] };
      },
    },
  };
}
