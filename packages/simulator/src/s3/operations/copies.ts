import type {
  CopyObjectCommandInput,
  CopyObjectCommandOutput,
  UploadPartCopyCommandInput,
  UploadPartCopyCommandOutput,
} from '@aws-sdk/client-s3';
import type { Caller, Operation } from '../../core/cloud.ts';
import type { BlobReferences } from '../blob-references.ts';
import {
  type ChecksumAlgorithm,
  checksumMembers,
  DEFAULT_CHECKSUM,
  declaredChecksum,
  startDigest,
} from '../checksums.ts';
import { checkCopyConditions, checkWriteConditions } from '../conditions.ts';
import { invalidArgument, invalidRequest } from '../errors.ts';
import { MAX_SINGLE_PUT_BYTES } from '../ingest.ts';
import { checkRetrievable, findVersion } from '../lookup.ts';
import type { Bucket, Content, ObjectVersion } from '../model.ts';
import { checkKey, parseCopySource } from '../names.ts';
import { encryptionOf, headersOf, metadataOf } from '../object-headers.ts';
import { type ByteRange, parseCopyRange } from '../ranges.ts';
import type { Segment } from '../segment.ts';
import type { S3State } from '../state.ts';
import { parseTagging } from '../tags.ts';
import { findUpload, partChecksum, storePart } from './multipart.ts';
import type { SdkOutput } from './output.ts';

/** CopyObject and UploadPartCopy. A copy shares the source's blobs; bytes are read only to compute a new digest. */
export function copyOperations(state: S3State): Record<string, Operation> {
  return {
    CopyObject: {
      run: (input: CopyObjectCommandInput, caller) => copyObject(state, input, caller),
    },
    UploadPartCopy: {
      run: (input: UploadPartCopyCommandInput, caller) => copyPart(state, input, caller),
    },
  };
}

async function copyObject(
  state: S3State,
  input: CopyObjectCommandInput,
  caller: Caller,
): Promise<SdkOutput<CopyObjectCommandOutput>> {
  const key = input.Key;
  checkKey(key);
  checkWriteConditions(input, key, state.live(state.bucket(input.Bucket), key));
  const source = findSource(state, input, caller);
  checkCopiedSize(source.version.size);
  const described = describeCopy(state, input, source.version, caller);
  const headers = state.encryptedHeaders(state.bucket(input.Bucket), { key, ...described }, { input, caller });
  const { algorithm } = declaredChecksum(input) ?? source.version.checksum ?? DEFAULT_CHECKSUM;
  const whole = { start: 0, length: source.version.size };
  const content = await copyContent(state, source.version, whole, algorithm);
  try {
    const bucket = state.bucket(input.Bucket);
    checkWriteConditions(input, key, state.live(bucket, key));
    const copy = { ...content, ...described, headers, key, lastModified: state.now() };
    const version = state.put(bucket, copy, 'CopyObject', { input, caller });
    return {
      CopyObjectResult: {
        ETag: `"${version.etag}"`,
        LastModified: new Date(version.lastModified),
        ...checksumMembers(version.checksum),
      },
      ...encryptionOf(version.headers),
      ...state.shownVersionId(bucket, version),
      ...sourceVersionId(source),
    };
  } catch (error) {
    state.blobs.release(content.segments);
    throw error;
  }
}

async function copyPart(
  state: S3State,
  input: UploadPartCopyCommandInput,
  caller: Caller,
): Promise<SdkOutput<UploadPartCopyCommandOutput>> {
  const upload = findUpload(state, input);
  state.authorizeKey(caller, state.bucket(input.Bucket), upload, 'Decrypt');
  const source = findSource(state, input, caller);
  const range = parseCopyRange(input.CopySourceRange, source.version.size);
  checkCopiedSize(range.length);
  const content = await copyContent(state, source.version, range, (upload.checksum ?? DEFAULT_CHECKSUM).algorithm);
  const part = storePart(state, input, content);
  return {
    CopyPartResult: {
      ETag: `"${part.etag}"`,
      LastModified: new Date(part.lastModified),
      ...partChecksum(upload, part),
    },
    ...encryptionOf(upload.headers),
    ...sourceVersionId(source),
  };
}

interface Source {
  readonly bucket: Bucket;
  readonly version: ObjectVersion;
}

function findSource(
  state: S3State,
  input: CopyObjectCommandInput | UploadPartCopyCommandInput,
  caller: Caller,
): Source {
  const { bucket: name, key, versionId } = parseCopySource(input.CopySource);
  const bucket = state.bucket(name);
  const version = findVersion(state, bucket, { Key: key, VersionId: versionId }, caller);
  checkRetrievable(version);
  checkCopyConditions(
    {
      ifMatch: input.CopySourceIfMatch,
      ifNoneMatch: input.CopySourceIfNoneMatch,
      ifModifiedSince: input.CopySourceIfModifiedSince,
      ifUnmodifiedSince: input.CopySourceIfUnmodifiedSince,
    },
    version,
  );
  state.authorizeKey(caller, bucket, version, 'Decrypt');
  return { bucket, version };
}

function checkCopiedSize(bytes: number): void {
  if (bytes <= MAX_SINGLE_PUT_BYTES) return;
  throw invalidRequest(
    'The specified copy source is larger than the maximum allowable size for a copy source: ' +
      `${MAX_SINGLE_PUT_BYTES}`,
  );
}

const sourceVersionId = ({ bucket, version }: Source) =>
  bucket.versioning === undefined ? {} : { CopySourceVersionId: version.versionId };

/** Headers, metadata and tags of the copy, from the source or replaced as the directives say. */
function describeCopy(
  state: S3State,
  input: CopyObjectCommandInput,
  source: ObjectVersion,
  caller: Caller,
): Pick<ObjectVersion, 'headers' | 'metadata' | 'tags'> {
  const metadataDirective = directive('x-amz-metadata-directive', input.MetadataDirective);
  const taggingDirective = directive('x-amz-tagging-directive', input.TaggingDirective);
  if (metadataDirective === 'COPY' && isCopyToItself(input)) {
    throw invalidRequest(
      'This copy request is illegal because it is trying to copy an object to itself without changing ' +
        "the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  }
  const headersAndMetadata =
    metadataDirective === 'REPLACE'
      ? { headers: headersOf(input), metadata: metadataOf(input) }
      : {
          headers: headersOf({ ...source.headers, ...uncopiedHeaders(input) } as CopyObjectCommandInput),
          metadata: source.metadata,
        };
  const tags = taggingDirective === 'REPLACE' ? parseTagging(input.Tagging) : copiedTags(state, input, source, caller);
  return { ...headersAndMetadata, tags };
}

function directive(name: string, value: string | undefined): 'COPY' | 'REPLACE' {
  if (value === undefined || value === 'COPY') return 'COPY';
  if (value === 'REPLACE') return 'REPLACE';
  throw invalidArgument(`Unknown ${name.replace(/^x-amz-/, '').replace('-', ' ')}.`, name, value);
}

function isCopyToItself(input: CopyObjectCommandInput): boolean {
  const { bucket, key, versionId } = parseCopySource(input.CopySource);
  return (
    bucket === input.Bucket &&
    key === input.Key &&
    versionId === undefined &&
    input.StorageClass === undefined &&
    input.ServerSideEncryption === undefined &&
    input.WebsiteRedirectLocation === undefined
  );
}

/** The headers that a copy never takes from its source. */
const uncopiedHeaders = (input: CopyObjectCommandInput) => ({
  ACL: input.ACL,
  StorageClass: input.StorageClass,
  ServerSideEncryption: input.ServerSideEncryption,
  SSEKMSKeyId: input.SSEKMSKeyId,
  BucketKeyEnabled: input.BucketKeyEnabled,
  WebsiteRedirectLocation: input.WebsiteRedirectLocation,
});

function copiedTags(
  state: S3State,
  input: CopyObjectCommandInput,
  source: ObjectVersion,
  caller: Caller,
): ObjectVersion['tags'] {
  if (source.tags.length === 0) return [];
  const { bucket, key, versionId } = parseCopySource(input.CopySource);
  const authorize = (action: string, resource: string) =>
    state.deps.cloud.authorize(caller, { action, resource: state.bucketArn(resource) });
  authorize(versionId === undefined ? 's3:GetObjectTagging' : 's3:GetObjectVersionTagging', `${bucket}/${key}`);
  authorize('s3:PutObjectTagging', `${input.Bucket}/${input.Key}`);
  return source.tags;
}

/** A retained copy of a range of `source`. Keeps the source's digests if they apply; otherwise reads the bytes. */
async function copyContent(
  state: S3State,
  source: ObjectVersion,
  range: ByteRange,
  algorithm: ChecksumAlgorithm,
): Promise<Content> {
  const size = range.length;
  const segments = state.share(source, range);
  const isWhole = size === source.size && !source.parts;
  if (isWhole && source.checksum?.algorithm === algorithm) {
    return { size, etag: source.etag, segments, checksum: source.checksum };
  }
  try {
    return { size, segments, ...(await digest(state.blobs, segments, algorithm)) };
  } catch (error) {
    state.blobs.release(segments);
    throw error;
  }
}

async function digest(
  blobs: BlobReferences,
  segments: readonly Segment[],
  algorithm: ChecksumAlgorithm,
): Promise<Pick<Content, 'etag' | 'checksum'>> {
  const md5 = startDigest('MD5');
  const checksum = startDigest(algorithm);
  for await (const chunk of blobs.read(segments)) {
    md5.update(chunk);
    checksum.update(chunk);
  }
  const value = (await checksum.end()).toString('base64');
  return { etag: (await md5.end()).toString('hex'), checksum: { algorithm, type: 'FULL_OBJECT', value } };
}
