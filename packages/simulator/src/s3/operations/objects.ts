import type {
  GetObjectAttributesCommandInput,
  GetObjectAttributesCommandOutput,
  GetObjectCommandInput,
  GetObjectCommandOutput,
  HeadObjectCommandInput,
  PutObjectCommandInput,
  PutObjectCommandOutput,
} from '@aws-sdk/client-s3';
import type { Caller, Operation } from '../../core/cloud.ts';
import { checksumMembers } from '../checksums.ts';
import { checkReadConditions, checkWriteConditions } from '../conditions.ts';
import { invalidRequest, notFoundHead, S3Error } from '../errors.ts';
import { ingest } from '../ingest.ts';
import { checkRetrievable, findVersion } from '../lookup.ts';
import type { Bucket, ObjectVersion } from '../model.ts';
import { checkKey } from '../names.ts';
import type { ObjectBody } from '../object-body.ts';
import { encryptionOf, headersOf, metadataOf } from '../object-headers.ts';
import { type ByteRange, parseRange } from '../ranges.ts';
import { slice } from '../segment.ts';
import type { S3State } from '../state.ts';
import { parseTagging } from '../tags.ts';
import type { SdkOutput } from './output.ts';

type ReadInput = Omit<GetObjectCommandInput & HeadObjectCommandInput, 'Body'>;
type ReadOutput = Omit<SdkOutput<GetObjectCommandOutput>, 'Body'>;

type PartsInput = Pick<GetObjectAttributesCommandInput, 'PartNumberMarker' | 'MaxParts'>;

/** HeadObject, GetObject, GetObjectAttributes and PutObject. */
export function objectOperations(state: S3State): Record<string, Operation> {
  return {
    HeadObject: {
      run(input: HeadObjectCommandInput, caller): ReadOutput {
        if (!state.buckets.has(input.Bucket ?? '')) throw notFoundHead();
        const found = read(state, { ...input, method: 'HEAD' }, caller);
        // Of what HeadObject returns, only the checksum is encrypted.
        if (input.ChecksumMode === 'ENABLED' && found.version.checksum) {
          state.authorizeKey(caller, found.bucket, found.version, 'Decrypt');
        }
        return describe(state, found, input);
      },
    },
    GetObject: {
      run(input: GetObjectCommandInput, caller): ReadOutput & { Body: ObjectBody } {
        const found = read(state, { ...input, method: 'GET' }, caller);
        const { bucket, version, range } = found;
        checkRetrievable(version);
        state.authorizeKey(caller, bucket, version, 'Decrypt');
        const segments = range ? slice(version.segments, range.start, range.length) : version.segments;
        return { ...describe(state, found, input), Body: state.blobs.read(segments) };
      },
    },
    GetObjectAttributes: {
      run(input: GetObjectAttributesCommandInput, caller): SdkOutput<GetObjectAttributesCommandOutput> {
        const { bucket, version } = read(state, { ...input, method: 'GET' }, caller);
        const shown = attributesOf(version, input);
        const asked = Object.entries(shown).filter(([name]) => input.ObjectAttributes?.some((known) => known === name));
        return {
          LastModified: new Date(version.lastModified),
          ...state.shownVersionId(bucket, version),
          ...Object.fromEntries(asked),
        };
      },
    },
    PutObject: {
      run: (input: PutObjectCommandInput, caller) => putObject(state, input, caller),
    },
  };
}

async function putObject(
  state: S3State,
  input: PutObjectCommandInput,
  caller: Caller,
): Promise<SdkOutput<PutObjectCommandOutput>> {
  const key = input.Key;
  checkKey(key);
  const given = { headers: headersOf(input), metadata: metadataOf(input), tags: parseTagging(input.Tagging) };
  const before = state.bucket(input.Bucket);
  const headers = state.encryptedHeaders(before, { key, headers: given.headers }, { input, caller });
  checkWriteConditions(input, key, state.live(before, key));
  const content = await ingest(state.blobs, input);
  try {
    // Bucket and object can have changed while the body arrived.
    const bucket = state.bucket(input.Bucket);
    checkWriteConditions(input, key, state.live(bucket, key));
    const object = { ...content, ...given, headers, key, lastModified: state.now() };
    const version = state.put(bucket, object, 'PutObject', { input, caller });
    return {
      ETag: `"${version.etag}"`,
      ...checksumMembers(version.checksum),
      ...encryptionOf(version.headers),
      ...state.shownVersionId(bucket, version),
    };
  } catch (error) {
    state.blobs.release(content.segments);
    throw error;
  }
}

/** What a read found: a version, and a range of it unless the whole is read. */
interface Found {
  readonly bucket: Bucket;
  readonly version: ObjectVersion;
  readonly range: ByteRange | undefined;
}

function read(state: S3State, input: ReadInput & { readonly method: 'GET' | 'HEAD' }, caller: Caller): Found {
  const bucket = state.bucket(input.Bucket);
  const version = findVersion(state, bucket, input, caller);
  checkReadConditions(
    {
      ifMatch: input.IfMatch,
      ifNoneMatch: input.IfNoneMatch,
      ifModifiedSince: input.IfModifiedSince,
      ifUnmodifiedSince: input.IfUnmodifiedSince,
    },
    version,
  );
  if (input.PartNumber !== undefined && input.Range !== undefined) {
    throw invalidRequest('Cannot specify both Range header and partNumber query parameter');
  }
  const part = input.PartNumber === undefined ? undefined : partRange(version, input.PartNumber);
  return { bucket, version, range: part ?? parseRange(input.Range, version.size) };
}

function partRange(version: ObjectVersion, number: number): ByteRange | undefined {
  if (!version.parts) {
    if (number === 1) return version.size === 0 ? undefined : { start: 0, length: version.size };
  } else {
    let start = 0;
    for (const [index, { size }] of version.parts.entries()) {
      // S3 numbers the parts of an object from 1, independently of the part numbers of the upload.
      if (index + 1 === number) return { start, length: size };
      start += size;
    }
  }
  throw new S3Error('InvalidPartNumber', 'The requested partnumber is not satisfiable', 416, {
    ActualPartCount: String(version.parts?.length ?? 1),
    PartNumberRequested: String(number),
  });
}

function describe(state: S3State, { bucket, version, range }: Found, input: ReadInput): ReadOutput {
  const { Expires: _, StorageClass: storageClass, ...headers } = version.headers;
  const contentRange = range && `bytes ${range.start}-${range.start + range.length - 1}/${version.size}`;
  return {
    AcceptRanges: 'bytes',
    LastModified: new Date(version.lastModified),
    ContentLength: range ? range.length : version.size,
    ETag: `"${version.etag}"`,
    ...(headers as Omit<typeof headers, 'ServerSideEncryption'> & ReturnType<typeof encryptionOf>),
    ...overriddenHeaders(version, input),
    // S3 names the storage class only if it is not the default.
    ...(storageClass === 'STANDARD' ? {} : { StorageClass: storageClass as ReadOutput['StorageClass'] }),
    Metadata: { ...version.metadata },
    ...state.shownVersionId(bucket, version),
    ...(contentRange ? { ContentRange: contentRange } : {}),
    ...(version.tags.length > 0 ? { TagCount: version.tags.length } : {}),
    ...(input.PartNumber !== undefined && version.parts ? { PartsCount: version.parts.length } : {}),
    ...(input.ChecksumMode === 'ENABLED' ? shownChecksum(version, range, input.PartNumber) : {}),
  };
}

/** The headers that a read can set for its own response. */
function overriddenHeaders(version: ObjectVersion, input: ReadInput) {
  const overrides = {
    ContentType: input.ResponseContentType,
    ContentLanguage: input.ResponseContentLanguage,
    ContentEncoding: input.ResponseContentEncoding,
    ContentDisposition: input.ResponseContentDisposition,
    CacheControl: input.ResponseCacheControl,
  };
  const given = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
  const expires = input.ResponseExpires === undefined ? version.headers.Expires : httpDate(input.ResponseExpires);
  return { ...given, ...(expires === undefined ? {} : { ExpiresString: expires, Expires: new Date(expires) }) };
}

const MAX_LISTED_PARTS = 1000;

/** By the names of GetObjectAttributes. S3 lists the parts only if they have checksums. */
function attributesOf(version: ObjectVersion, { PartNumberMarker, MaxParts = MAX_LISTED_PARTS }: PartsInput) {
  const { etag, checksum, parts, size, headers } = version;
  // S3 numbers the parts of an object from 1.
  const numbered = (parts ?? []).map((part, index) => ({ ...part, number: index + 1 }));
  const marker = Number(PartNumberMarker ?? 0);
  const after = numbered.filter(({ number }) => number > marker);
  const listed = after.slice(0, MaxParts);
  return {
    ETag: etag,
    Checksum: checksum && checksumMembers(checksum),
    ObjectParts: parts && {
      TotalPartsCount: parts.length,
      ...(parts.some((part) => part.checksum) && {
        PartNumberMarker: String(marker),
        NextPartNumberMarker: String(listed.at(-1)?.number ?? marker),
        MaxParts,
        IsTruncated: listed.length < after.length,
        Parts: listed.map((part) => ({
          PartNumber: part.number,
          Size: part.size,
          ...(part.checksum && { [`Checksum${part.checksum.algorithm}`]: part.checksum.value }),
        })),
      }),
    },
    StorageClass: headers.StorageClass,
    ObjectSize: size,
  };
}

/** A range of an object has no checksum, unless it is a part. The type is the object's. */
function shownChecksum({ checksum, parts }: ObjectVersion, range: ByteRange | undefined, number: number | undefined) {
  const ofPart = number === undefined ? undefined : parts?.[number - 1]?.checksum;
  return !range || ofPart ? { ...checksumMembers(ofPart ?? checksum), ChecksumType: checksum?.type } : {};
}

const httpDate = (value: Date | string) => (value instanceof Date ? value.toUTCString() : value);
