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
import { slice } from '../blob-references.ts';
import { checksumMembers } from '../checksums.ts';
import { checkReadConditions, checkWriteConditions } from '../conditions.ts';
import { invalidArgument, invalidRequest, notFound, S3Error } from '../errors.ts';
import { ingest } from '../ingest.ts';
import { findVersion } from '../lookup.ts';
import type { Bucket, ObjectVersion } from '../model.ts';
import { checkKey } from '../names.ts';
import type { ObjectBody } from '../object-body.ts';
import { encryptionOf, headersOf, metadataOf } from '../object-headers.ts';
import { type ByteRange, parseRange } from '../ranges.ts';
import type { S3State } from '../state.ts';
import { parseTagging } from '../tags.ts';
import type { Output } from './output.ts';

type ReadInput = Omit<GetObjectCommandInput & HeadObjectCommandInput, 'Body'>;
type ReadOutput = Omit<Output<GetObjectCommandOutput>, 'Body'>;

/** HeadObject, GetObject, PutObject and GetObjectAttributes. */
export function objectOperations(state: S3State): Record<string, Operation> {
  return {
    HeadObject: {
      run(input: HeadObjectCommandInput, caller): ReadOutput {
        if (!state.buckets.has(input.Bucket ?? '')) throw notFound();
        return read(state, input, caller, true).output;
      },
    },

    GetObject: {
      run(input: GetObjectCommandInput, caller): ReadOutput & { Body: ObjectBody } {
        const { output, version, range } = read(state, input, caller, false);
        // Headers alone are not encrypted, so HeadObject doesn't ask.
        state.askKey(caller, version.headers, 'Decrypt');
        const segments = range ? slice(version.segments, range.start, range.length) : version.segments;
        return { ...output, Body: state.blobs.read(segments) };
      },
    },

    PutObject: {
      async run(input: PutObjectCommandInput, caller): Promise<Output<PutObjectCommandOutput>> {
        const key = input.Key;
        checkKey(key);
        const headers = headersOf(input);
        const metadata = metadataOf(input);
        const tags = parseTagging(input.Tagging);
        const before = state.bucket(input.Bucket);
        checkWriteConditions(input, key, state.live(before, key));
        const content = await ingest(state.blobs, input);
        try {
          // The world may have changed while the body came in.
          const bucket = state.bucket(input.Bucket);
          checkWriteConditions(input, key, state.live(bucket, key));
          const version = state.put(
            bucket,
            { ...content, key, headers, metadata, tags, lastModified: state.now() },
            'PutObject',
            input,
            caller,
          );
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
      },
    },

    GetObjectAttributes: {
      run(input: GetObjectAttributesCommandInput, caller): Output<GetObjectAttributesCommandOutput> {
        const bucket = state.bucket(input.Bucket);
        const version = findVersion(state, bucket, input.Key, input.VersionId, caller);
        const asked = new Set<string>(input.ObjectAttributes);
        if (asked.size === 0) {
          throw invalidArgument('The x-amz-object-attributes header is required', 'x-amz-object-attributes', '');
        }
        const { ChecksumType: type, ...checksum } = checksumMembers(version.checksum);
        return {
          LastModified: new Date(version.lastModified),
          ...state.shownVersionId(bucket, version),
          ...(asked.has('ETag') ? { ETag: version.etag } : {}),
          ...(asked.has('Checksum') && version.checksum ? { Checksum: { ...checksum, ChecksumType: type } } : {}),
          ...(asked.has('ObjectParts') && version.parts ? { ObjectParts: partsOf(version, input) } : {}),
          ...(asked.has('StorageClass')
            ? { StorageClass: version.headers.StorageClass as GetObjectAttributesCommandOutput['StorageClass'] }
            : {}),
          ...(asked.has('ObjectSize') ? { ObjectSize: version.size } : {}),
        };
      },
    },
  };
}

function partsOf(version: ObjectVersion, input: GetObjectAttributesCommandInput) {
  const after = Number(input.PartNumberMarker ?? 0);
  const limit = Math.min(input.MaxParts ?? 1000, 1000);
  const rest = version.parts!.filter(({ number }) => number > after);
  const page = rest.slice(0, limit);
  return {
    TotalPartsCount: version.parts!.length,
    PartNumberMarker: String(after),
    NextPartNumberMarker: String(page.at(-1)?.number ?? 0),
    MaxParts: limit,
    IsTruncated: rest.length > limit,
    // S3 lists the parts only of objects that were uploaded with checksums.
    ...(version.checksum
      ? {
          Parts: page.map(({ number, size, checksum }) => {
            const { ChecksumType: _, ...members } = checksumMembers(checksum);
            return { PartNumber: number, Size: size, ...members };
          }),
        }
      : {}),
  };
}

function read(state: S3State, input: ReadInput, caller: Caller, head: boolean) {
  const bucket = state.bucket(input.Bucket);
  const version = findVersion(state, bucket, input.Key, input.VersionId, caller, head);
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
  const range = part ?? parseRange(input.Range, version.size);
  return { version, range, output: describe(state, bucket, version, input, range) };
}

function partRange(version: ObjectVersion, number: number): ByteRange | undefined {
  if (!version.parts) {
    if (number === 1) return undefined;
  } else {
    let start = 0;
    for (const [index, { size }] of version.parts.entries()) {
      // S3 counts the parts that the object was made of, whatever numbers they were uploaded under.
      if (index + 1 === number) return { start, length: size };
      start += size;
    }
  }
  throw new S3Error('InvalidPartNumber', 'The requested partnumber is not satisfiable', 416, {
    ActualPartCount: String(version.parts?.length ?? 1),
    PartNumberRequested: String(number),
  });
}

function describe(
  state: S3State,
  bucket: Bucket,
  version: ObjectVersion,
  input: ReadInput,
  range: ByteRange | undefined,
): ReadOutput {
  const { Expires: expires, StorageClass: storageClass, ...headers } = version.headers;
  const contentRange = range && `bytes ${range.start}-${range.start + range.length - 1}/${version.size}`;
  const overridden = {
    ContentType: input.ResponseContentType,
    ContentLanguage: input.ResponseContentLanguage,
    ContentEncoding: input.ResponseContentEncoding,
    ContentDisposition: input.ResponseContentDisposition,
    CacheControl: input.ResponseCacheControl,
  };
  const given = Object.fromEntries(Object.entries(overridden).filter(([, value]) => value !== undefined));
  const partChecksum = input.PartNumber === undefined ? undefined : version.parts?.[input.PartNumber - 1]?.checksum;
  const checksum = input.PartNumber === undefined ? version.checksum : (partChecksum ?? version.checksum);
  const expiresShown = input.ResponseExpires === undefined ? expires : httpDate(input.ResponseExpires);
  return {
    AcceptRanges: 'bytes',
    LastModified: new Date(version.lastModified),
    ContentLength: range ? range.length : version.size,
    ETag: `"${version.etag}"`,
    ...(headers as Omit<typeof headers, 'ServerSideEncryption'> & ReturnType<typeof encryptionOf>),
    ...given,
    ...(expiresShown === undefined ? {} : { ExpiresString: expiresShown, Expires: new Date(expiresShown) }),
    // S3 names the class only when it isn't the usual one.
    ...(storageClass === 'STANDARD' ? {} : { StorageClass: storageClass as ReadOutput['StorageClass'] }),
    Metadata: { ...version.metadata },
    ...state.shownVersionId(bucket, version),
    ...(contentRange ? { ContentRange: contentRange } : {}),
    ...(version.tags.length > 0 ? { TagCount: version.tags.length } : {}),
    ...(input.PartNumber !== undefined && version.parts ? { PartsCount: version.parts.length } : {}),
    // A stretch of an object has no checksum of its own, except a part.
    ...(input.ChecksumMode === 'ENABLED' && (!range || partChecksum) ? checksumMembers(checksum) : {}),
  };
}

const httpDate = (value: Date | string) => (value instanceof Date ? value.toUTCString() : value);
