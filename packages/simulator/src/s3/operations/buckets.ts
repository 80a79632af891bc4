import { page } from '../../core/page.ts';
import type { Input, Operations } from '../calls.ts';
import { invalidArgument, S3Error, s3Error } from '../errors.ts';
import { checkBucketName, isRegion } from '../names.ts';
import { compareUtf8 } from '../sorted-keys.ts';
import type { S3State } from '../state.ts';
import { fromToken, toToken } from './paging.ts';

/** Buckets that ListBuckets returns at most, and by default. */
const MAX_LISTED_BUCKETS = 10_000;

/** Create, find, list and delete buckets. */
export function bucketOperations(state: S3State) {
  const { region } = state.deps.account;
  return {
    ListBuckets({ input }) {
      const { MaxBuckets: limit = MAX_LISTED_BUCKETS, ContinuationToken, Prefix: prefix = '', BucketRegion } = input;
      const after = ContinuationToken ? fromToken(ContinuationToken) : '';
      const isPaged = (input.MaxBuckets ?? input.ContinuationToken ?? input.Prefix ?? BucketRegion) !== undefined;
      if (!(limit >= 1 && limit <= MAX_LISTED_BUCKETS)) {
        const message = 'Argument max-buckets must be an integer between 1 and 10000';
        throw invalidArgument(message, 'max-buckets', String(limit));
      }
      if (!isRegion(BucketRegion ?? region)) {
        const message = `Argument value ${BucketRegion} is not a valid AWS Region`;
        throw new S3Error('InvalidArgument', message, 400, { ArgumentName: 'bucket-region' });
      }
      const buckets = [...state.buckets.values()]
        .filter(({ name }) => name.startsWith(prefix) && compareUtf8(name, after) > 0)
        .filter(() => (BucketRegion ?? region) === region)
        .sort((a, b) => compareUtf8(a.name, b.name));
      const { items, isLast } = page(buckets, limit);
      return {
        Buckets: items.map(({ name, created }) => ({
          Name: name,
          CreationDate: new Date(created),
          BucketArn: state.arnOf(name),
          ...(isPaged && { BucketRegion: region }),
        })),
        Owner: state.owner,
        ContinuationToken: isLast ? undefined : toToken(items.at(-1)?.name ?? ''),
        Prefix: prefix === '' ? undefined : prefix,
      };
    },

    CreateBucket: ({ input }) => createBucket(state, input),

    DeleteBucket({ bucket }) {
      if (bucket.objects.size > 0) {
        const hint = bucket.versioning === undefined ? '' : '. You must delete all versions in the bucket.';
        const message = `The bucket you tried to delete is not empty${hint}`;
        throw new S3Error('BucketNotEmpty', message, 409, { BucketName: bucket.name });
      }
      for (const upload of bucket.uploads.values()) {
        for (const part of upload.parts.values()) state.blobs.release(part.segments);
      }
      bucket.uploads.clear();
      state.setPolicy(bucket, undefined);
      state.buckets.delete(bucket.name);
      return {};
    },

    HeadBucket({ input: { Bucket: name = '' } }) {
      if (!state.buckets.has(name)) throw s3Error('NotFound');
      return { BucketRegion: region, AccessPointAlias: false, BucketArn: state.arnOf(name) };
    },

    GetBucketLocation({ input }) {
      state.bucket(input.Bucket);
      // us-east-1 is the region without a constraint.
      return bucketIn(region).CreateBucketConfiguration ?? {};
    },
  } satisfies Operations;
}

/** The members of CreateBucket that make a bucket in a Region. */
export const bucketIn = (region: string) =>
  region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint: region } };

/** Whether S3 has this kind of ownership of objects. */
export const isOwnership = (name: string | undefined): boolean =>
  ['BucketOwnerPreferred', 'ObjectWriter', 'BucketOwnerEnforced'].includes(name ?? '');

function createBucket(state: S3State, input: Input<'CreateBucket'>): object {
  const { region } = state.deps.account;
  const { Bucket: name = '', ObjectOwnership } = input;
  checkBucketName(name);
  if (ObjectOwnership !== undefined && !isOwnership(ObjectOwnership)) {
    const message = `Invalid x-amz-object-ownership header: ${ObjectOwnership}`;
    throw new S3Error('InvalidArgument', message, 400, { ArgumentName: 'x-amz-object-ownership' });
  }
  const location: string | undefined = input.CreateBucketConfiguration?.LocationConstraint;
  if (location && region === 'us-east-1' && (location === region || !(location === 'EU' || isRegion(location)))) {
    throw s3Error('InvalidLocationConstraint', { LocationConstraint: location });
  }
  if ((location || 'us-east-1') !== region) {
    throw new S3Error(
      'IllegalLocationConstraintException',
      `The ${location || 'unspecified'} location constraint is incompatible for the region specific endpoint this request was sent to.`,
      400,
    );
  }
  if (!state.buckets.has(name)) {
    state.buckets.set(name, {
      name,
      created: state.now(),
      versioning: undefined,
      eventBridge: false,
      policy: undefined,
      configurations: new Map(ObjectOwnership && [['OwnershipControls', { Rules: [{ ObjectOwnership }] }]]),
      objects: new Map(),
      keys: [],
      uploads: new Map(),
    });
  } else if (region !== 'us-east-1') {
    // S3's oldest Region still lets a bucket be created again.
    throw s3Error('BucketAlreadyOwnedByYou', { BucketName: name });
  }
  return { Location: `/${name}`, BucketArn: state.arnOf(name) };
}
