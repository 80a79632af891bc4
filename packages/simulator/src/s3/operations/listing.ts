import { page } from '../../core/page.ts';
import type { Input, Operations } from '../calls.ts';
import { invalidArgument } from '../errors.ts';
import type { Bucket, ObjectVersion, Upload } from '../model.ts';
import { compareUtf8 } from '../sorted-keys.ts';
import type { S3State } from '../state.ts';
import { checksumSettings, findUpload, partChecksum } from './multipart.ts';
import { fromToken, limitOf, pageOfKeys, toToken } from './paging.ts';

/** The listings: of objects, in two versions, of objects' versions, of uploads in progress and of their parts. */
export function listingOperations(state: S3State) {
  const Owner = state.owner;
  return {
    ListObjectsV2({ input, bucket }) {
      const { ContinuationToken } = input;
      // A token takes the place of StartAfter: MinIO's client repeats it as StartAfter.
      const StartAfter = ContinuationToken === undefined ? input.StartAfter : undefined;
      const after = ContinuationToken === undefined ? (StartAfter ?? '') : fromToken(ContinuationToken);
      const { members, next, encode } = listObjects(bucket, input, after, input.FetchOwner ? { Owner } : {});
      return {
        ...members,
        KeyCount: members.Contents.length + members.CommonPrefixes.length,
        ContinuationToken,
        NextContinuationToken: next && toToken(next.key),
        StartAfter: StartAfter && encode(StartAfter),
      };
    },

    ListObjects({ input, bucket }) {
      const { Marker = '', Delimiter } = input;
      const { members, next, encode } = listObjects(bucket, input, Marker, { Owner });
      // Without a delimiter the last key is the next marker.
      return { ...members, Marker: encode(Marker), NextMarker: next && Delimiter ? encode(next.key) : undefined };
    },

    ListObjectVersions: ({ input, bucket }) => listVersions(bucket, input, Owner),
    ListMultipartUploads: ({ input, bucket }) => listUploads(bucket, input, state),

    ListParts(call) {
      const { input } = call;
      const upload = findUpload(call);
      const after = Number(input.PartNumberMarker ?? 0);
      const limit = limitOf('maxParts', input.MaxParts);
      const parts = [...upload.parts.values()].sort((a, b) => a.number - b.number);
      const { items, isLast } = page(
        parts.filter(({ number }) => number > after),
        limit,
      );
      return {
        Bucket: input.Bucket,
        Key: upload.key,
        UploadId: upload.id,
        PartNumberMarker: String(after),
        NextPartNumberMarker: String(items.at(-1)?.number ?? 0),
        MaxParts: limit,
        IsTruncated: !isLast,
        Parts: items.map((part) => ({
          PartNumber: part.number,
          LastModified: new Date(part.lastModified),
          ETag: `"${part.etag}"`,
          Size: part.size,
          ...partChecksum(upload, part),
        })),
        Initiator: state.initiator,
        Owner,
        StorageClass: upload.headers.StorageClass,
        ...checksumSettings(upload),
      };
    },
  } satisfies Operations;
}

/** The members that ListObjects and ListObjectsV2 share, and where the next page starts. */
function listObjects(
  { name, keys, objects }: Bucket,
  input: Input<'ListObjects'> | Input<'ListObjectsV2'>,
  after: string,
  owned: { readonly Owner?: S3State['owner'] },
) {
  const limit = limitOf('maxKeys', input.MaxKeys);
  const listed = {
    keys,
    valuesOf: (key: string) => (objects.get(key) ?? []).slice(0, 1).filter(({ deleteMarker }) => !deleteMarker),
    idOf: ({ versionId }: ObjectVersion) => versionId,
  };
  const { values, members, ...rest } = pageOfKeys(listed, input, { after, limit });
  const Contents = values.map((version) => ({ ...summary(version, rest.encode), ...owned }));
  return { ...rest, members: { Name: name, MaxKeys: limit, ...members, Contents } };
}

function listVersions(bucket: Bucket, input: Input<'ListObjectVersions'>, Owner: S3State['owner']) {
  const { name, keys, objects } = bucket;
  const limit = limitOf('maxKeys', input.MaxKeys);
  const { KeyMarker = '', VersionIdMarker = '' } = input;
  if (VersionIdMarker !== '' && KeyMarker === '') {
    const message = 'A version-id marker cannot be specified without a key marker.';
    throw invalidArgument(message, 'version-id-marker', VersionIdMarker);
  }
  const listed = {
    keys,
    valuesOf: (key: string) => objects.get(key) ?? [],
    idOf: ({ versionId }: ObjectVersion) => versionId,
  };
  const start = { after: KeyMarker, id: VersionIdMarker, limit };
  const { values, members, next, encode } = pageOfKeys(listed, input, start);
  const describe = (version: ObjectVersion) => ({
    Key: encode(version.key),
    VersionId: version.versionId,
    IsLatest: objects.get(version.key)?.[0] === version,
    LastModified: new Date(version.lastModified),
    Owner,
  });
  return {
    ...members,
    Name: name,
    MaxKeys: limit,
    KeyMarker: encode(KeyMarker),
    VersionIdMarker,
    NextKeyMarker: next && encode(next.key),
    NextVersionIdMarker: next?.id,
    Versions: values
      .filter(({ deleteMarker }) => !deleteMarker)
      .map((version) => ({ ...describe(version), ...summary(version, encode), StorageClass: 'STANDARD' })),
    DeleteMarkers: values.filter(({ deleteMarker }) => deleteMarker).map(describe),
  };
}

function listUploads(bucket: Bucket, input: Input<'ListMultipartUploads'>, { owner, initiator }: S3State) {
  const limit = limitOf('maxUploads', input.MaxUploads);
  const { KeyMarker = '' } = input;
  const UploadIdMarker = (KeyMarker && input.UploadIdMarker) || '';
  // Of each key in the order in which they were initiated.
  const byKey = Map.groupBy(bucket.uploads.values(), ({ key }) => key);
  const listed = {
    keys: [...byKey.keys()].sort(compareUtf8),
    valuesOf: (key: string) => byKey.get(key) ?? [],
    idOf: ({ id }: Upload) => id,
  };
  if (UploadIdMarker !== '' && bucket.uploads.get(UploadIdMarker)?.key !== KeyMarker) {
    throw invalidArgument('Invalid uploadId marker', 'upload-id-marker', UploadIdMarker);
  }
  const start = { after: KeyMarker, id: UploadIdMarker, limit };
  const { values, members, next, encode } = pageOfKeys(listed, input, start);
  // Unlike other listings, this one names its last upload also on the last page, and none before a common prefix.
  const last = next && next.id === undefined ? undefined : values.at(-1);
  return {
    ...members,
    Prefix: input.Prefix && members.Prefix,
    Bucket: bucket.name,
    MaxUploads: limit,
    KeyMarker: encode(KeyMarker),
    UploadIdMarker,
    NextKeyMarker: encode(last?.key ?? ''),
    NextUploadIdMarker: last?.id ?? '',
    Uploads: values.map((upload) => ({
      UploadId: upload.id,
      Key: encode(upload.key),
      Initiated: new Date(upload.initiated),
      StorageClass: upload.headers.StorageClass,
      Owner: owner,
      Initiator: initiator,
      ...checksumSettings(upload),
    })),
  };
}

function summary({ key, lastModified, etag, checksum, size, headers }: ObjectVersion, encode: (key: string) => string) {
  return {
    Key: encode(key),
    LastModified: new Date(lastModified),
    ETag: `"${etag}"`,
    ...(checksum && { ChecksumAlgorithm: [checksum.algorithm], ChecksumType: checksum.type }),
    Size: size,
    StorageClass: headers.StorageClass,
  };
}
