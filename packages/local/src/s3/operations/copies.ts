import type {
  CopyObjectCommandInput,
  CopyObjectCommandOutput,
  UploadPartCopyCommandInput,
  UploadPartCopyCommandOutput,
} from '@aws-sdk/client-s3';
import type { Caller, Operation } from '../../core/cloud.ts';
import type { BlobReferences, Segment } from '../blob-references.ts';
import { type Checksum, type ChecksumAlgorithm, checksumMembers, declaredChecksum, startDigest } from '../checksums.ts';
import { checkCopyConditions, checkWriteConditions } from '../conditions.ts';
import { invalidArgument, invalidRequest } from '../errors.ts';
import { MAX_SINGLE_PUT_BYTES } from '../ingest.ts';
import { findVersion } from '../lookup.ts';
import type { Bucket, Content, ObjectVersion } from '../model.ts';
import { checkKey, parseCopySource } from '../names.ts';
import { encryptionOf, headersOf, metadataOf } from '../object-headers.ts';
import { parseCopyRange } from '../ranges.ts';
import type { S3State } from '../state.ts';
import { parseTagging } from '../tags.ts';
import { findUpload, storePart } from './multipart.ts';
import type { Output } from './output.ts';

/** CopyObject and UploadPartCopy: the copy shares the source's blobs; bytes are read only where a new digest is due. */
export function copyOperations(state: S3State): Record<string, Operation> {
  return {
    CopyObject: {
      async run(input: CopyObjectCommandInput, caller): Promise<Output<CopyObjectCommandOutput>> {
        const key = input.Key;
        checkKey(key);
        checkWriteConditions(input, key, state.live(state.bucket(input.Bucket), key));
        const { bucket: sourceBucket, version: source } = findSource(state, input, caller);
        if (source.size > MAX_SINGLE_PUT_BYTES) {
          throw invalidRequest(
            `The specified copy source is larger than the maximum allowable size for a copy source: ${MAX_SINGLE_PUT_BYTES}`,
          );
        }
        const replace = directive('x-amz-metadata-directive', input.MetadataDirective) === 'REPLACE';
        const replaceTags = directive('x-amz-tagging-directive', input.TaggingDirective) === 'REPLACE';
        if (copiesToItself(input, replace, source)) {
          throw invalidRequest(
            "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
          );
        }
        const headers = replace
          ? headersOf(input)
          : headersOf({ ...source.headers, ...encryptionAndClass(input) } as CopyObjectCommandInput);
        const metadata = replace ? metadataOf(input) : source.metadata;
        const tags = replaceTags ? parseTagging(input.Tagging) : copiedTags(state, input, source, caller);
        const content = await copyContent(
          state,
          source,
          0,
          source.size,
          declaredChecksum(input)?.algorithm ?? source.checksum?.algorithm,
        );
        try {
          const bucket = state.bucket(input.Bucket);
          checkWriteConditions(input, key, state.live(bucket, key));
          const version = state.put(
            bucket,
            { ...content, key, headers, metadata, tags, lastModified: state.now() },
            'CopyObject',
            input,
            caller,
          );
          return {
            CopyObjectResult: {
              ETag: `"${version.etag}"`,
              LastModified: new Date(version.lastModified),
              ...checksumMembers(version.checksum),
            },
            ...encryptionOf(version.headers),
            ...state.shownVersionId(bucket, version),
            ...sourceVersionId(sourceBucket, source),
          };
        } catch (error) {
          state.blobs.release(content.segments);
          throw error;
        }
      },
    },

    UploadPartCopy: {
      async run(input: UploadPartCopyCommandInput, caller): Promise<Output<UploadPartCopyCommandOutput>> {
        const upload = findUpload(state, input);
        const { bucket: sourceBucket, version: source } = findSource(state, input, caller);
        const { start, length } = parseCopyRange(input.CopySourceRange, source.size);
        if (length > MAX_SINGLE_PUT_BYTES) {
          throw invalidRequest(
            `The specified copy source is larger than the maximum allowable size for a copy source: ${MAX_SINGLE_PUT_BYTES}`,
          );
        }
        const content = await copyContent(state, source, start, length, upload.checksum?.algorithm);
        const part = storePart(state, input, content);
        const { ChecksumType: _, ...checksum } = checksumMembers(part.checksum);
        return {
          CopyPartResult: { ETag: `"${part.etag}"`, LastModified: new Date(part.lastModified), ...checksum },
          ...encryptionOf(upload.headers),
          ...sourceVersionId(sourceBucket, source),
        };
      },
    },
  };
}

function findSource(
  state: S3State,
  input: CopyObjectCommandInput | UploadPartCopyCommandInput,
  caller: Caller,
): { bucket: Bucket; version: ObjectVersion } {
  const source = parseCopySource(input.CopySource);
  const bucket = state.bucket(source.bucket);
  const version = findVersion(state, bucket, source.key, source.versionId, caller);
  checkCopyConditions(
    {
      ifMatch: input.CopySourceIfMatch,
      ifNoneMatch: input.CopySourceIfNoneMatch,
      ifModifiedSince: input.CopySourceIfModifiedSince,
      ifUnmodifiedSince: input.CopySourceIfUnmodifiedSince,
    },
    version,
  );
  state.askKey(caller, version.headers, 'Decrypt');
  return { bucket, version };
}

const sourceVersionId = (bucket: Bucket, source: ObjectVersion) =>
  bucket.versioning === undefined ? {} : { CopySourceVersionId: source.versionId };

function directive(name: string, value: string | undefined): 'COPY' | 'REPLACE' {
  if (value === undefined || value === 'COPY') return 'COPY';
  if (value === 'REPLACE') return 'REPLACE';
  throw invalidArgument(`Unknown ${name.replace(/^x-amz-/, '').replace('-', ' ')}.`, name, value);
}

function copiesToItself(input: CopyObjectCommandInput, replace: boolean, source: ObjectVersion): boolean {
  const { bucket, key, versionId } = parseCopySource(input.CopySource);
  return (
    bucket === input.Bucket &&
    key === input.Key &&
    versionId === undefined &&
    !replace &&
    (input.StorageClass ?? source.headers.StorageClass) === source.headers.StorageClass &&
    input.ServerSideEncryption === undefined &&
    input.WebsiteRedirectLocation === undefined
  );
}

/** What a copy never takes from its source. */
const encryptionAndClass = (input: CopyObjectCommandInput) => ({
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
  const ask = (action: string, resource: string) =>
    state.deps.cloud.authorize(caller, { action, resource: state.bucketArn(resource) });
  ask(versionId === undefined ? 's3:GetObjectTagging' : 's3:GetObjectVersionTagging', `${bucket}/${key}`);
  ask('s3:PutObjectTagging', `${input.Bucket}/${input.Key}`);
  return source.tags;
}

/** A retained copy of a stretch of `source`. Its digests are taken over when they are known, else the bytes are read. */
async function copyContent(
  state: S3State,
  source: ObjectVersion,
  start: number,
  length: number,
  algorithm: ChecksumAlgorithm | undefined,
): Promise<Content> {
  const segments = state.share(source, start, length);
  const whole = length === source.size && !source.parts;
  if (whole && (algorithm === undefined || source.checksum?.algorithm === algorithm)) {
    return { size: length, etag: source.etag, segments, ...(algorithm ? { checksum: source.checksum } : {}) };
  }
  try {
    return { size: length, segments, ...(await digest(state.blobs, segments, algorithm)) };
  } catch (error) {
    state.blobs.release(segments);
    throw error;
  }
}

async function digest(
  blobs: BlobReferences,
  segments: readonly Segment[],
  algorithm: ChecksumAlgorithm | undefined,
): Promise<{ etag: string; checksum?: Checksum }> {
  const md5 = startDigest('MD5');
  const checksum = algorithm ? startDigest(algorithm) : undefined;
  for await (const chunk of blobs.read(segments)) {
    md5.update(chunk);
    checksum?.update(chunk);
  }
  const etag = (await md5.end()).toString('hex');
  if (!checksum || !algorithm) return { etag };
  return { etag, checksum: { algorithm, type: 'FULL_OBJECT', value: (await checksum.end()).toString('base64') } };
}
