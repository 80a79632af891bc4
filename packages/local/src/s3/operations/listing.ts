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
import { invalidArgument } from '../errors.ts';
import type { ObjectVersion } from '../model.ts';
import { canonicalId } from '../owner.ts';
import type { S3State } from '../state.ts';
import type { Output } from './output.ts';
import { type Entry, keyEncoder, laterOf, limitOf, page, walk } from './paging.ts';

/** ListObjects, ListObjectsV2 and ListObjectVersions. */
export function listingOperations(state: S3State): Record<string, Operation> {
  const owner = { ID: canonicalId(state.deps.account.accountId) };

  function list(input: ListObjectsCommandInput | ListObjectsV2CommandInput, after: string, withOwner: boolean) {
    const bucket = state.bucket(input.Bucket);
    const encode = keyEncoder(input.EncodingType);
    const limit = limitOf('maxKeys', input.MaxKeys);
    const paging = { prefix: input.Prefix ?? '', delimiter: input.Delimiter ?? '', after };
    const live = ([newest]: ObjectVersion[]) => (newest!.deleteMarker ? undefined : newest);
    const { entries, truncated } = page(walk(bucket.objects, paging, live), limit);
    const contents = entries.flatMap((entry): _Object[] =>
      'value' in entry ? [{ ...summary(entry.value, encode), ...(withOwner ? { Owner: owner } : {}) }] : [],
    );
    const prefixes = prefixesOf(entries, encode);
    return {
      last: entries.at(-1),
      encode,
      output: {
        Name: bucket.name,
        Prefix: encode(paging.prefix),
        ...(paging.delimiter === '' ? {} : { Delimiter: encode(paging.delimiter) }),
        MaxKeys: limit,
        ...(input.EncodingType === undefined ? {} : { EncodingType: input.EncodingType }),
        IsTruncated: truncated,
        ...(contents.length > 0 ? { Contents: contents } : {}),
        ...(prefixes.length > 0 ? { CommonPrefixes: prefixes } : {}),
      },
    };
  }

  return {
    ListObjectsV2: {
      run(input: ListObjectsV2CommandInput): Output<ListObjectsV2CommandOutput> {
        const token = input.ContinuationToken;
        const resumed = token === undefined ? '' : fromToken(token);
        const { output, last, encode } = list(
          input,
          laterOf(resumed, input.StartAfter ?? ''),
          input.FetchOwner ?? false,
        );
        return {
          ...output,
          KeyCount: (output.Contents?.length ?? 0) + (output.CommonPrefixes?.length ?? 0),
          ...(token === undefined ? {} : { ContinuationToken: token }),
          ...(output.IsTruncated ? { NextContinuationToken: toToken(nameOf(last!)) } : {}),
          ...(input.StartAfter === undefined ? {} : { StartAfter: encode(input.StartAfter) }),
        };
      },
    },

    ListObjects: {
      run(input: ListObjectsCommandInput): Output<ListObjectsCommandOutput> {
        const { output, last, encode } = list(input, input.Marker ?? '', true);
        return {
          ...output,
          Marker: encode(input.Marker ?? ''),
          // Without a delimiter the last key is the next marker.
          ...(output.IsTruncated && input.Delimiter ? { NextMarker: encode(nameOf(last!)) } : {}),
        };
      },
    },

    ListObjectVersions: {
      run(input: ListObjectVersionsCommandInput): Output<ListObjectVersionsCommandOutput> {
        const bucket = state.bucket(input.Bucket);
        const encode = keyEncoder(input.EncodingType);
        const limit = limitOf('maxKeys', input.MaxKeys);
        const { KeyMarker: keyMarker = '', VersionIdMarker: versionMarker } = input;
        if (versionMarker && keyMarker === '') {
          throw invalidArgument(
            'A version-id marker cannot be specified without a key marker.',
            'version-id-marker',
            versionMarker,
          );
        }
        const paging = {
          prefix: input.Prefix ?? '',
          delimiter: input.Delimiter ?? '',
          after: keyMarker,
          inclusive: Boolean(versionMarker),
        };
        const { entries, truncated } = page(
          versionsOf(
            walk(bucket.objects, paging, (versions) => versions),
            versionMarker ? { key: keyMarker, versionId: versionMarker } : undefined,
          ),
          limit,
        );
        const found = entries.flatMap((entry) => ('value' in entry ? [entry.value] : []));
        const described = found.map((version) => ({
          version,
          entry: {
            Key: encode(version.key),
            VersionId: version.versionId,
            IsLatest: bucket.objects.get(version.key)?.[0] === version,
            LastModified: new Date(version.lastModified),
            Owner: owner,
          },
        }));
        const markers = described.filter(({ version }) => version.deleteMarker).map(({ entry }) => entry);
        const versions = described
          .filter(({ version }) => !version.deleteMarker)
          .map(({ version, entry }) => ({ ...entry, ...summary(version, encode), StorageClass: 'STANDARD' as const }));
        const prefixes = prefixesOf(entries, encode);
        const last = entries.at(-1);
        return {
          Name: bucket.name,
          Prefix: encode(paging.prefix),
          ...(paging.delimiter === '' ? {} : { Delimiter: encode(paging.delimiter) }),
          KeyMarker: encode(keyMarker),
          VersionIdMarker: versionMarker ?? '',
          MaxKeys: limit,
          ...(input.EncodingType === undefined ? {} : { EncodingType: input.EncodingType }),
          IsTruncated: truncated,
          ...(truncated ? { NextKeyMarker: encode(nameOf(last!)) } : {}),
          ...(truncated && 'value' in last! ? { NextVersionIdMarker: last.value.versionId } : {}),
          ...(versions.length > 0 ? { Versions: versions } : {}),
          ...(markers.length > 0 ? { DeleteMarkers: markers } : {}),
          ...(prefixes.length > 0 ? { CommonPrefixes: prefixes } : {}),
        };
      },
    },
  };
}

/** Each key's versions one by one, the newest first; of the marker's key only those older than the marker. */
function* versionsOf(
  entries: Iterable<Entry<ObjectVersion[]>>,
  marker: { key: string; versionId: string } | undefined,
): Generator<Entry<ObjectVersion>> {
  for (const entry of entries) {
    if (!('value' in entry)) {
      yield entry;
      continue;
    }
    const from = entry.key === marker?.key ? entry.value.findIndex((v) => v.versionId === marker.versionId) + 1 : 0;
    for (const version of entry.value.slice(from)) yield { key: entry.key, value: version };
  }
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

const prefixesOf = (entries: readonly Entry<unknown>[], encode: (key: string) => string) =>
  entries.flatMap((entry) => ('commonPrefix' in entry ? [{ Prefix: encode(entry.commonPrefix) }] : []));

const nameOf = (entry: Entry<unknown>): string => ('commonPrefix' in entry ? entry.commonPrefix : entry.key);

const toToken = (name: string) => Buffer.from(`1${name}`).toString('base64');

function fromToken(token: string): string {
  const raw = Buffer.from(token, 'base64');
  const text = raw.toString();
  if (!text.startsWith('1') || raw.toString('base64') !== token) {
    throw invalidArgument('The continuation token provided is incorrect', 'continuation-token', token);
  }
  return text.slice(1);
}
