import type {
  _Object,
  ChecksumAlgorithm,
  ListObjectsCommandInput,
  ListObjectsCommandOutput,
  ListObjectsV2CommandInput,
  ListObjectsV2CommandOutput,
  ListObjectVersionsCommandInput,
  ListObjectVersionsCommandOutput,
} from '@aws-sdk/client-s3';
import type { Operation } from '../../core/cloud.ts';
import { page } from '../../core/page.ts';
import { invalidArgument } from '../errors.ts';
import type { Bucket, ObjectVersion } from '../model.ts';
import { type Owner, ownerOf } from '../owner.ts';
import type { S3State } from '../state.ts';
import type { SdkOutput } from './output.ts';
import {
  flatten,
  keyEncoder,
  type ListedEntry,
  type Listing,
  laterOf,
  limitOf,
  nameOf,
  prefixesOf,
  valuesOf,
  walk,
} from './paging.ts';

/** ListObjects, ListObjectsV2 and ListObjectVersions. */
export function listingOperations(state: S3State): Record<string, Operation> {
  const owner = ownerOf(state.deps.account);
  return {
    ListObjectsV2: {
      run(input: ListObjectsV2CommandInput): SdkOutput<ListObjectsV2CommandOutput> {
        const token = input.ContinuationToken;
        const resumed = token === undefined ? '' : fromToken(token);
        const bucket = state.bucket(input.Bucket);
        const after = laterOf(resumed, input.StartAfter ?? '');
        const { output, next, encode } = listObjects(bucket, input, after, input.FetchOwner ? { Owner: owner } : {});
        return {
          ...output,
          KeyCount: (output.Contents?.length ?? 0) + (output.CommonPrefixes?.length ?? 0),
          ...(token === undefined ? {} : { ContinuationToken: token }),
          ...(next === undefined ? {} : { NextContinuationToken: toToken(next) }),
          ...(input.StartAfter === undefined ? {} : { StartAfter: encode(input.StartAfter) }),
        };
      },
    },

    ListObjects: {
      run(input: ListObjectsCommandInput): SdkOutput<ListObjectsCommandOutput> {
        const marker = input.Marker ?? '';
        const { output, next, encode } = listObjects(state.bucket(input.Bucket), input, marker, { Owner: owner });
        return {
          ...output,
          Marker: encode(marker),
          // Without a delimiter the last key is the next marker.
          ...(next !== undefined && input.Delimiter ? { NextMarker: encode(next) } : {}),
        };
      },
    },

    ListObjectVersions: {
      run(input: ListObjectVersionsCommandInput): SdkOutput<ListObjectVersionsCommandOutput> {
        return listVersions(state.bucket(input.Bucket), input, owner);
      },
    },
  };
}

/** The members that ListObjects and ListObjectsV2 share, and the name after which the next page starts. */
function listObjects(
  bucket: Bucket,
  input: ListObjectsCommandInput | ListObjectsV2CommandInput,
  after: string,
  owned: { readonly Owner?: Owner },
) {
  const encode = keyEncoder(input.EncodingType);
  const limit = limitOf('maxKeys', input.MaxKeys);
  const listing: Listing = { prefix: input.Prefix ?? '', delimiter: input.Delimiter ?? '', after };
  const live = ([newest]: readonly ObjectVersion[]) => (newest?.deleteMarker ? undefined : newest);
  const { items, next } = page(walk(bucket.objects, listing, live), limit);
  const contents = valuesOf(items).map((version): _Object => ({ ...summary(version, encode), ...owned }));
  const prefixes = prefixesOf(items, encode);
  const last = items.at(-1);
  return {
    encode,
    next: next === undefined || last === undefined ? undefined : nameOf(last),
    output: {
      Name: bucket.name,
      Prefix: encode(listing.prefix),
      ...(listing.delimiter === '' ? {} : { Delimiter: encode(listing.delimiter) }),
      MaxKeys: limit,
      ...(input.EncodingType === undefined ? {} : { EncodingType: input.EncodingType }),
      IsTruncated: next !== undefined,
      ...(contents.length > 0 ? { Contents: contents } : {}),
      ...(prefixes.length > 0 ? { CommonPrefixes: prefixes } : {}),
    },
  };
}

function listVersions(
  bucket: Bucket,
  input: ListObjectVersionsCommandInput,
  owner: Owner,
): SdkOutput<ListObjectVersionsCommandOutput> {
  const encode = keyEncoder(input.EncodingType);
  const limit = limitOf('maxKeys', input.MaxKeys);
  const { KeyMarker: keyMarker = '', VersionIdMarker: versionMarker } = input;
  const listing = versionListing(input);
  const byKey = walk(bucket.objects, listing, (versions) => versions);
  const marker = versionMarker
    ? { key: keyMarker, isMarked: ({ versionId }: ObjectVersion) => versionId === versionMarker }
    : undefined;
  const { items, next } = page(flatten(byKey, marker), limit);
  const prefixes = prefixesOf(items, encode);
  return {
    Name: bucket.name,
    Prefix: encode(listing.prefix),
    ...(listing.delimiter === '' ? {} : { Delimiter: encode(listing.delimiter) }),
    KeyMarker: encode(keyMarker),
    VersionIdMarker: versionMarker ?? '',
    MaxKeys: limit,
    ...(input.EncodingType === undefined ? {} : { EncodingType: input.EncodingType }),
    IsTruncated: next !== undefined,
    ...(next === undefined ? {} : nextVersionMarkers(items.at(-1), encode)),
    ...describeVersions(bucket, valuesOf(items), owner, encode),
    ...(prefixes.length > 0 ? { CommonPrefixes: prefixes } : {}),
  };
}

function versionListing(input: ListObjectVersionsCommandInput): Listing {
  const { KeyMarker: after = '', VersionIdMarker: versionMarker } = input;
  if (versionMarker && after === '') {
    throw invalidArgument(
      'A version-id marker cannot be specified without a key marker.',
      'version-id-marker',
      versionMarker,
    );
  }
  const from = versionMarker ? 'at' : 'after';
  return { prefix: input.Prefix ?? '', delimiter: input.Delimiter ?? '', after, from };
}

function nextVersionMarkers(last: ListedEntry<ObjectVersion> | undefined, encode: (key: string) => string) {
  if (last === undefined) return {};
  return {
    NextKeyMarker: encode(nameOf(last)),
    ...('value' in last ? { NextVersionIdMarker: last.value.versionId } : {}),
  };
}

function describeVersions(
  bucket: Bucket,
  listed: readonly ObjectVersion[],
  owner: Owner,
  encode: (key: string) => string,
) {
  const describe = (version: ObjectVersion) => ({
    Key: encode(version.key),
    VersionId: version.versionId,
    IsLatest: bucket.objects.get(version.key)?.[0] === version,
    LastModified: new Date(version.lastModified),
    Owner: owner,
  });
  const markers = listed.filter(({ deleteMarker }) => deleteMarker).map(describe);
  const versions = listed
    .filter(({ deleteMarker }) => !deleteMarker)
    .map((version) => ({ ...describe(version), ...summary(version, encode), StorageClass: 'STANDARD' as const }));
  return {
    ...(versions.length > 0 ? { Versions: versions } : {}),
    ...(markers.length > 0 ? { DeleteMarkers: markers } : {}),
  };
}

function summary(version: ObjectVersion, encode: (key: string) => string) {
  return {
    Key: encode(version.key),
    LastModified: new Date(version.lastModified),
    ETag: `"${version.etag}"`,
    ...(version.checksum
      ? { ChecksumAlgorithm: [version.checksum.algorithm as ChecksumAlgorithm], ChecksumType: version.checksum.type }
      : {}),
    Size: version.size,
    StorageClass: version.headers.StorageClass as _Object['StorageClass'],
  };
}

const toToken = (name: string) => Buffer.from(`1${name}`).toString('base64');

function fromToken(token: string): string {
  const raw = Buffer.from(token, 'base64');
  const text = raw.toString();
  if (!text.startsWith('1') || raw.toString('base64') !== token) {
    throw invalidArgument('The continuation token provided is incorrect', 'continuation-token', token);
  }
  return text.slice(1);
}
