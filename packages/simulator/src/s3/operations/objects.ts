import { slice } from '../blob-references.ts';
import type { Input, Operations, S3Call } from '../calls.ts';
import { checksumMember, checksumMembers } from '../checksums.ts';
import { checkReadConditions } from '../conditions.ts';
import { invalidRequest, s3Error } from '../errors.ts';
import { ingest } from '../ingest.ts';
import { checkRetrievable, findVersion } from '../lookup.ts';
import type { ObjectVersion } from '../model.ts';
import { describedBy, httpDate } from '../object-headers.ts';
import { type ByteRange, parseRange } from '../ranges.ts';
import type { S3State } from '../state.ts';
import { storeObject } from '../store-object.ts';

const MAX_LISTED_PARTS = 1000;

type ReadInput = Input<'GetObject'> & Input<'HeadObject'>;

/** HeadObject, GetObject, GetObjectAttributes and PutObject. */
export function objectOperations(state: S3State) {
  return {
    HeadObject(call) {
      if (!state.buckets.has(call.input.Bucket ?? '')) throw s3Error('NotFound');
      const found = read(state, call, 'HEAD');
      // Of what HeadObject returns, only the checksum is encrypted.
      if (call.input.ChecksumMode?.toUpperCase() === 'ENABLED' && found.version.checksum) {
        state.authorizeKey(call, found.version, 'Decrypt');
      }
      return describe(state, call, found);
    },

    GetObject(call) {
      const found = read(state, call);
      const { version, range } = found;
      checkRetrievable(version);
      state.authorizeKey(call, version, 'Decrypt');
      const segments = range ? slice(version.segments, range) : version.segments;
      return { ...describe(state, call, found), Body: state.blobs.read(segments) };
    },

    GetObjectAttributes(call) {
      const { input, bucket } = call;
      const version = findVersion(state, call);
      const asked = Object.entries(attributesOf(version, input)).filter(([name]) =>
        input.ObjectAttributes?.some((known) => known === name),
      );
      return {
        LastModified: new Date(version.lastModified),
        ...state.shownVersionId(bucket, version),
        ...Object.fromEntries(asked),
      };
    },

    async PutObject(call) {
      const stored = storeObject(state, call, describedBy(call.input), () => ingest(state.blobs, call.input));
      const { version, shown } = await stored;
      return { ETag: `"${version.etag}"`, ...checksumMembers(version.checksum), ...shown };
    },
  } satisfies Operations;
}

/** What a read found: a version, and a range of it unless the whole is read. */
interface Found {
  readonly version: ObjectVersion;
  readonly range: ByteRange | undefined;
}

function read(state: S3State, call: S3Call<ReadInput>, method?: 'HEAD'): Found {
  const { PartNumber, Range } = call.input;
  const version = findVersion(state, call, method);
  checkReadConditions(call.input, version, state.now());
  if (PartNumber !== undefined && Range !== undefined) {
    throw invalidRequest('Cannot specify both Range header and partNumber query parameter');
  }
  const part = PartNumber === undefined ? undefined : partRange(version, PartNumber);
  return { version, range: part ?? parseRange(Range, version.size) };
}

/** S3 numbers the parts of an object from 1, independently of the part numbers of the upload. */
function partRange({ size, parts }: ObjectVersion, number: number): ByteRange | undefined {
  const sizes = parts?.map((part) => part.size) ?? [size];
  const length = sizes[number - 1];
  if (length === undefined) {
    throw s3Error('InvalidPartNumber', { ActualPartCount: sizes.length, PartNumberRequested: number });
  }
  const start = sizes.slice(0, number - 1).reduce((sum, before) => sum + before, 0);
  return size === 0 ? undefined : { start, length };
}

function describe(state: S3State, { input, bucket }: S3Call<ReadInput>, { version, range }: Found) {
  const { StorageClass, ...headers } = version.headers;
  const expires = input.ResponseExpires === undefined ? headers.Expires : httpDate(input.ResponseExpires);
  return {
    AcceptRanges: 'bytes',
    LastModified: new Date(version.lastModified),
    ContentLength: range ? range.length : version.size,
    ContentRange: range && `bytes ${range.start}-${range.start + range.length - 1}/${version.size}`,
    ETag: `"${version.etag}"`,
    ...headers,
    // A read can set headers for its own response.
    ContentType: input.ResponseContentType ?? headers.ContentType,
    ContentLanguage: input.ResponseContentLanguage ?? headers.ContentLanguage,
    ContentEncoding: input.ResponseContentEncoding ?? headers.ContentEncoding,
    ContentDisposition: input.ResponseContentDisposition ?? headers.ContentDisposition,
    CacheControl: input.ResponseCacheControl ?? headers.CacheControl,
    Expires: expires && new Date(expires),
    ExpiresString: expires,
    // S3 names the storage class only if it is not the default.
    StorageClass: StorageClass === 'STANDARD' ? undefined : StorageClass,
    Metadata: { ...version.metadata },
    ...state.shownVersionId(bucket, version),
    TagCount: version.tags.length || undefined,
    PartsCount: input.PartNumber === undefined ? undefined : version.parts?.length,
    ...(input.ChecksumMode?.toUpperCase() === 'ENABLED' ? shownChecksum(version, range, input.PartNumber) : {}),
  };
}

/** By the names of GetObjectAttributes. S3 lists the parts only if the checksum is one of theirs. */
function attributesOf(version: ObjectVersion, input: Input<'GetObjectAttributes'>) {
  const { PartNumberMarker, MaxParts = MAX_LISTED_PARTS } = input;
  const { etag, checksum, parts = [], size, headers } = version;
  const marker = Number(PartNumberMarker ?? 0);
  const after = [...parts.entries()].filter(([index]) => index >= marker);
  const listed = after.slice(0, MaxParts).map(([index, part]) => ({
    PartNumber: index + 1,
    Size: part.size,
    ...checksumMember(part.checksum),
  }));
  return {
    ETag: etag,
    // Here, that of a composite does not end with the number of parts.
    Checksum: checksum && checksumMembers({ ...checksum, value: checksum.value.replace(/-\d+$/, '') }),
    ObjectParts: version.parts && {
      TotalPartsCount: parts.length,
      ...(checksum?.type === 'COMPOSITE' && {
        PartNumberMarker: String(marker),
        NextPartNumberMarker: String(listed.at(-1)?.PartNumber ?? 0),
        MaxParts,
        IsTruncated: listed.length < after.length,
        Parts: listed,
      }),
    },
    StorageClass: headers.StorageClass,
    ObjectSize: size,
  };
}

/** A range has no checksum, unless it is the whole or a part of a composite. The type is the object's. */
function shownChecksum(
  { checksum, parts, size }: ObjectVersion,
  range: ByteRange | undefined,
  number: number | undefined,
) {
  const ofPart = number === undefined || checksum?.type !== 'COMPOSITE' ? undefined : parts?.[number - 1]?.checksum;
  return !range || range.length === size || ofPart
    ? { ...checksumMember(ofPart ?? checksum), ChecksumType: checksum?.type }
    : {};
}
