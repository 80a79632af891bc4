import type {
  BucketLocationConstraint,
  CreateBucketCommandInput,
  CreateBucketCommandOutput,
  DeleteBucketCommandInput,
  GetBucketLocationCommandInput,
  GetBucketLocationCommandOutput,
  HeadBucketCommandInput,
  HeadBucketCommandOutput,
  ListBucketsCommandInput,
  ListBucketsCommandOutput,
} from '@aws-sdk/client-s3';
import type { Operation } from '../../core/cloud.ts';
import { page } from '../../core/page.ts';
import { invalidArgument, notFoundHead, notImplemented, S3Error } from '../errors.ts';
import { checkBucketName } from '../names.ts';
import { ownerOf } from '../owner.ts';
import { SortedMap } from '../sorted-map.ts';
import type { S3State } from '../state.ts';
import { compareUtf8 } from '../utf8-order.ts';
import type { SdkOutput } from './output.ts';

/** Buckets that ListBuckets returns at most, and by default. */
const MAX_LISTED_BUCKETS = 10_000;

/** Create, find, list and delete buckets. */
export function bucketOperations(state: S3State): Record<string, Operation> {
  const { account } = state.deps;
  return {
    ListBuckets: {
      run: (input: ListBucketsCommandInput) => listBuckets(state, input),
    },
    CreateBucket: {
      run: (input: CreateBucketCommandInput) => createBucket(state, input),
    },
    DeleteBucket: {
      run: (input: DeleteBucketCommandInput) => deleteBucket(state, input),
    },
    HeadBucket: {
      run({ Bucket: name = '' }: HeadBucketCommandInput): SdkOutput<HeadBucketCommandOutput> {
        if (!state.buckets.has(name)) throw notFoundHead();
        return { BucketRegion: account.region, AccessPointAlias: false, BucketArn: state.bucketArn(name) };
      },
    },
    GetBucketLocation: {
      run(input: GetBucketLocationCommandInput): SdkOutput<GetBucketLocationCommandOutput> {
        state.bucket(input.Bucket);
        // us-east-1 is the region without a constraint.
        if (account.region === 'us-east-1') return {};
        return { LocationConstraint: account.region as BucketLocationConstraint };
      },
    },
  };
}

function listBuckets(state: S3State, input: ListBucketsCommandInput): SdkOutput<ListBucketsCommandOutput> {
  const limit = input.MaxBuckets ?? MAX_LISTED_BUCKETS;
  if (!(limit >= 1 && limit <= MAX_LISTED_BUCKETS)) {
    throw invalidArgument('Argument max-buckets must be an integer between 1 and 10000', 'max-buckets', String(limit));
  }
  const { ContinuationToken: after, Prefix: prefix } = input;
  const names = [...state.buckets.keys()]
    .filter((name) => name.startsWith(prefix ?? '') && (after === undefined || compareUtf8(name, after) > 0))
    .sort(compareUtf8);
  const { items, next } = page(names, limit);
  return {
    Buckets: items.map((name) => ({ Name: name, CreationDate: new Date(state.bucket(name).created) })),
    Owner: ownerOf(state.deps.account),
    ...(next === undefined ? {} : { ContinuationToken: items.at(-1) }),
    ...(prefix === undefined ? {} : { Prefix: prefix }),
  };
}

function createBucket(state: S3State, input: CreateBucketCommandInput): SdkOutput<CreateBucketCommandOutput> {
  const name = input.Bucket ?? '';
  checkBucketName(name);
  const location: string | undefined = input.CreateBucketConfiguration?.LocationConstraint;
  if (location !== undefined && location !== '' && location !== state.deps.account.region) {
    throw new S3Error(
      'IllegalLocationConstraintException',
      `The ${location} location constraint is incompatible for the region specific endpoint ` +
        'this request was sent to.',
      400,
    );
  }
  if (location === 'us-east-1') {
    throw new S3Error('InvalidLocationConstraint', 'The specified location-constraint is not valid', 400);
  }
  if (input.ObjectLockEnabledForBucket) throw notImplemented('Object Lock');
  if (state.buckets.has(name)) {
    // As S3's oldest Region still does.
    if (state.deps.account.region === 'us-east-1') return { Location: `/${name}`, BucketArn: state.bucketArn(name) };
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
    configurations: new Map(
      input.ObjectOwnership && [['OwnershipControls', { Rules: [{ ObjectOwnership: input.ObjectOwnership }] }]],
    ),
    objects: new SortedMap(),
    uploads: new Map(),
  });
  return { Location: `/${name}`, BucketArn: state.bucketArn(name) };
}

function deleteBucket(state: S3State, input: DeleteBucketCommandInput): object {
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
}
