import { page } from '../../core/page.ts';
import { invalidArgument } from '../errors.ts';
import type { Input, Operations } from '../inputs.ts';
import type { Bucket, ObjectVersion, Upload } from '../model.ts';
import { SortedMap } from '../sorted-map.ts';
import type { S3State } from '../state.ts';
import { compareUtf8 } from '../utf8-order.ts';
import { checksumSettings, findUpload, partChecksum } from './multipart.ts';
import { limitOf, pageOfKeys, walk, walkEach } from './paging.ts';

/** The listings: of objects, in two versions, of objects' versions, of uploads in progress and of their parts. */
export function listingOperations(state: S3State) {
  const Owner = state.owner;
  return {
    ListObjectsV2(input) {
      const { ContinuationToken, StartAfter = '' } = input;
      const resumed = ContinuationToken === undefined ? '' : fromToken(ContinuationToken);
      const after = compareUtf8(resumed, StartAfter) < 0 ? StartAfter : resumed;
      const { members, last, encode } = listObjects(state, input, after, input.FetchOwner ? { Owner } : {});
      return {
        ...members,
        KeyCount: members.Contents.length + members.CommonPrefixes.length,
        ContinuationToken,
        NextContinuationToken: last && toToken(last.name),
        StartAfter: input.StartAfter && encode(StartAfter),
      };
    },

    ListObjects(input) {
      const { Marker = '', Delimiter } = input;
      const { members, last, encode } = listObjects(state, input, Marker, { Owner });
      // Without a delimiter the last key is the next marker.
      return { ...members, Marker: encode(Marker), NextMarker: last && Delimiter ? encode(last.name) : undefined };
    },

    ListObjectVersions: (input) => listVersions(state, input),
    ListMultipartUploads: (input) => listUploads(state, input),

    ListParts(input) {
      const upload = findUpload(state, input);
      const after = Number(input.PartNumberMarker ?? 0);
      const limit = limitOf('maxParts', input.MaxParts);
      const parts = [...upload.parts.values()].filter(({ number }) => number > after);
      const { items, next } = page(
        parts.sort((a, b) => a.number - b.number),
        limit,
      );
      return {
        Bucket: input.Bucket,
        Key: upload.key,
        UploadId: upload.id,
        PartNumberMarker: String(after),
        NextPartNumberMarker: String(items.at(-1)?.number ?? after),
        MaxParts: limit,
        IsTruncated: next !== undefined,
        Parts: items.map((part) => ({
          PartNumber: part.number,
          LastModified: new Date(part.lastModified),
          ETag: `"${part.etag}"`,
          Size: part.size,
          ...partChecksum(upload, part),
        })),
        ...{ Initiator: Owner, Owner, StorageClass: upload.headers.StorageClass },
        ...checksumSettings(upload),
      };
    },
  } satisfies Operations;
}

/** The members that ListObjects and ListObjectsV2 share, and the last entry if another page follows. */
function listObjects(
  state: S3State,
  input: Input<'ListObjects'> | Input<'ListObjectsV2'>,
  after: string,
  owned: { readonly Owner?: S3State['owner'] },
) {
  const { name, objects } = state.bucket(input.Bucket);
  const limit = limitOf('maxKeys', input.MaxKeys);
  const live = ([newest]: readonly ObjectVersion[]) => (newest?.deleteMarker ? undefined : newest);
  const listing = { prefix: input.Prefix ?? '', delimiter: input.Delimiter ?? '', after };
  const { values, members, ...rest } = pageOfKeys(walk(objects, listing, live), input, limit);
  const Contents = values.map((version) => ({ ...summary(version, rest.encode), ...owned }));
  return { ...rest, members: { Name: name, MaxKeys: limit, ...members, Contents } };
}

function listVersions(state: S3State, input: Input<'ListObjectVersions'>) {
  const { name, objects } = state.bucket(input.Bucket);
  const limit = limitOf('maxKeys', input.MaxKeys);
  const { KeyMarker = '', VersionIdMarker = '' } = input;
  if (VersionIdMarker !== '' && KeyMarker === '') {
    const message = 'A version-id marker cannot be specified without a key marker.';
    throw invalidArgument(message, 'version-id-marker', VersionIdMarker);
  }
  const marker = { key: KeyMarker, id: VersionIdMarker };
  const versions = walkEach(objects, input, marker, ({ versionId }) => versionId);
  const { values, members, last, encode } = pageOfKeys(versions, input, limit);
  const describe = (version: ObjectVersion) => ({
    Key: encode(version.key),
    VersionId: version.versionId,
    IsLatest: objects.get(version.key)?.[0] === version,
    LastModified: new Date(version.lastModified),
    Owner: state.owner,
  });
  return {
    ...members,
    ...{ Name: name, MaxKeys: limit, KeyMarker: encode(KeyMarker), VersionIdMarker },
    NextKeyMarker: last && encode(last.name),
    NextVersionIdMarker: last?.value?.versionId,
    Versions: values
      .filter(({ deleteMarker }) => !deleteMarker)
      .map((version) => ({ ...describe(version), ...summary(version, encode), StorageClass: 'STANDARD' })),
    DeleteMarkers: values.filter(({ deleteMarker }) => deleteMarker).map(describe),
  };
}

function listUploads(state: S3State, input: Input<'ListMultipartUploads'>) {
  const bucket = state.bucket(input.Bucket);
  const limit = limitOf('maxUploads', input.MaxUploads);
  const { KeyMarker = '', UploadIdMarker = '' } = input;
  const marker = { key: KeyMarker, id: UploadIdMarker };
  const uploads = walkEach(uploadsByKey(bucket), input, marker, ({ id }) => id);
  const { values, members, last, encode } = pageOfKeys(uploads, input, limit);
  return {
    ...members,
    ...{ Bucket: bucket.name, MaxUploads: limit, KeyMarker: encode(KeyMarker), UploadIdMarker },
    NextKeyMarker: last && encode(last.name),
    NextUploadIdMarker: last?.value?.id,
    Uploads: values.map((upload) => ({
      UploadId: upload.id,
      Key: encode(upload.key),
      Initiated: new Date(upload.initiated),
      StorageClass: upload.headers.StorageClass,
      Owner: state.owner,
      Initiator: state.owner,
      ...checksumSettings(upload),
    })),
  };
}

/** The uploads of each key in the order in which they were initiated. */
function uploadsByKey(bucket: Bucket): SortedMap<Upload[]> {
  const byKey = new SortedMap<Upload[]>();
  for (const upload of bucket.uploads.values()) {
    const same = byKey.get(upload.key);
    if (same) same.push(upload);
    else byKey.set(upload.key, [upload]);
  }
  return byKey;
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

const toToken = (name: string) => Buffer.from(`1${name}`).toString('base64');

function fromToken(token: string): string {
  const raw = Buffer.from(token, 'base64');
  const text = raw.toString();
  if (text.startsWith('1') && raw.toString('base64') === token) return text.slice(1);
  throw invalidArgument('The continuation token provided is incorrect', 'continuation-token', token);
}
