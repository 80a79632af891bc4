import { type BlobReferences, slice } from '../blob-references.ts';
import { claimsOf } from '../body-digests.ts';
import type { Input, Operations, S3Call } from '../calls.ts';
import {
  type ChecksumAlgorithm,
  checksumMembers,
  DEFAULT_CHECKSUM,
  declaredChecksum,
  startDigests,
} from '../checksums.ts';
import { checkCopyConditions, checkWriteConditions } from '../conditions.ts';
import { invalidArgument, invalidRequest } from '../errors.ts';
import { MAX_SINGLE_PUT_BYTES } from '../ingest.ts';
import { checkRetrievable, findVersion } from '../lookup.ts';
import type { Content, Described, ObjectVersion } from '../model.ts';
import { type CopySource, checkKey, parseCopySource } from '../names.ts';
import { describedBy, headersOf } from '../object-headers.ts';
import { type ByteRange, parseCopyRange } from '../ranges.ts';
import type { S3State } from '../state.ts';
import { encryptionOf, storeObject } from '../store-object.ts';
import { parseTagging } from '../tags.ts';
import { findUpload, partChecksum, storePart } from './multipart.ts';

/** CopyObject and UploadPartCopy. A copy shares the source's blobs; bytes are read only to compute a new digest. */
export function copyOperations(state: S3State) {
  return {
    async CopyObject(call) {
      const { input } = call;
      const key = checkKey(input.Key);
      checkWriteConditions(input, key, state.live(call.bucket, key));
      const { source, ...read } = findSource(state, call);
      checkCopiedSize(source.size);
      const described = describeCopy(state, call, source);
      const { algorithm } = declaredChecksum(input) ?? source.checksum ?? DEFAULT_CHECKSUM;
      const whole = { start: 0, length: source.size };
      const { version, shown } = await storeObject(state, call, described, () =>
        copyContent(state.blobs, source, whole, algorithm),
      );
      const result = { ...resultOf(version), ...checksumMembers(version.checksum) };
      // Unlike other writes, a copy names a null version.
      return { CopyObjectResult: result, ...shown, ...state.shownVersionId(call.bucket, version), ...read };
    },

    async UploadPartCopy(call) {
      const upload = findUpload(call);
      state.authorizeKey(call, upload, 'Decrypt');
      const { source, ...read } = findSource(state, call);
      const range = parseCopyRange(call.input.CopySourceRange, source.size);
      checkCopiedSize(range.length);
      const { algorithm } = upload.checksum ?? DEFAULT_CHECKSUM;
      const part = storePart(state, call, await copyContent(state.blobs, source, range, algorithm));
      return {
        CopyPartResult: { ...resultOf(part), ...partChecksum(upload, part) },
        ...encryptionOf(upload.headers),
        ...read,
      };
    },
  } satisfies Operations;
}

const resultOf = ({ etag, lastModified }: Pick<ObjectVersion, 'etag' | 'lastModified'>) => ({
  ETag: `"${etag}"`,
  LastModified: new Date(lastModified),
});

/** The version to copy, and what the response says of it. */
function findSource(state: S3State, { input, caller }: S3Call<Input<'CopyObject'> | Input<'UploadPartCopy'>>) {
  const { bucket: name, key: Key, versionId: VersionId } = parseCopySource(input.CopySource);
  const bucket = state.bucket(name);
  const source = findVersion(state, { input: { Key, VersionId }, caller, bucket });
  checkRetrievable(source);
  const conditions = {
    IfMatch: input.CopySourceIfMatch,
    IfNoneMatch: input.CopySourceIfNoneMatch,
    IfModifiedSince: input.CopySourceIfModifiedSince,
    IfUnmodifiedSince: input.CopySourceIfUnmodifiedSince,
  };
  checkCopyConditions(conditions, source, state.now());
  state.authorizeKey({ caller, bucket }, source, 'Decrypt');
  return { source, CopySourceVersionId: source.versionId === 'null' ? undefined : source.versionId };
}

function checkCopiedSize(bytes: number): void {
  if (bytes <= MAX_SINGLE_PUT_BYTES) return;
  const limit = 'The specified copy source is larger than the maximum allowable size for a copy source';
  throw invalidRequest(`${limit}: ${MAX_SINGLE_PUT_BYTES}`);
}

/** Headers, metadata and tags of the copy, from the source or replaced as the directives say. */
function describeCopy(state: S3State, call: S3Call<Input<'CopyObject'>>, source: ObjectVersion): Described {
  const { input } = call;
  const metadataDirective = directive('x-amz-metadata-directive', input.MetadataDirective);
  const taggingDirective = directive('x-amz-tagging-directive', input.TaggingDirective);
  const from = parseCopySource(input.CopySource);
  const changesEncryption =
    call.bucket.configurations.has('ServerSideEncryptionConfiguration') ||
    source.headers.ServerSideEncryption !== 'AES256';
  if (metadataDirective === 'COPY' && !changesEncryption && isCopyToItself(input, from)) {
    throw invalidRequest(
      'This copy request is illegal because it is trying to copy an object to itself without changing ' +
        "the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  }
  // A copy never takes these headers from its source.
  const { ACL, StorageClass, ServerSideEncryption, SSEKMSKeyId, BucketKeyEnabled, WebsiteRedirectLocation } = input;
  const own = { ACL, StorageClass, ServerSideEncryption, SSEKMSKeyId, BucketKeyEnabled, WebsiteRedirectLocation };
  const copied = { headers: headersOf({ ...source.headers, ...own }), metadata: source.metadata };
  return {
    ...(metadataDirective === 'REPLACE' ? describedBy(input) : copied),
    tags: taggingDirective === 'REPLACE' ? parseTagging(input.Tagging) : copiedTags(state, call, source),
  };
}

function directive(name: string, value: string | undefined): 'COPY' | 'REPLACE' {
  if (value === undefined || value === 'COPY') return 'COPY';
  if (value === 'REPLACE') return 'REPLACE';
  throw invalidArgument(`Unknown ${name.replace(/^x-amz-/, '').replace('-', ' ')}.`, name, value);
}

function isCopyToItself(input: Input<'CopyObject'>, { bucket, key, versionId }: CopySource): boolean {
  return (
    bucket === input.Bucket &&
    key === input.Key &&
    (versionId ?? input.StorageClass ?? input.ServerSideEncryption ?? input.WebsiteRedirectLocation) === undefined
  );
}

/** The source's tags. Throws AccessDenied. */
function copiedTags(state: S3State, { input, caller }: S3Call<Input<'CopyObject'>>, { tags }: ObjectVersion) {
  if (tags.length === 0) return [];
  const { bucket, key, versionId } = parseCopySource(input.CopySource);
  const read = versionId === undefined ? 's3:GetObjectTagging' : 's3:GetObjectVersionTagging';
  state.deps.cloud.authorize(caller, { action: read, resource: state.arnOf(`${bucket}/${key}`) });
  const resource = state.arnOf(`${input.Bucket}/${input.Key}`);
  state.deps.cloud.authorize(caller, { action: 's3:PutObjectTagging', resource });
  return tags;
}

/** A retained copy of a range of `source`. Keeps the source's digests if they apply; otherwise reads the bytes. */
async function copyContent(
  blobs: BlobReferences,
  source: ObjectVersion,
  range: ByteRange,
  algorithm: ChecksumAlgorithm,
): Promise<Content> {
  const size = range.length;
  const segments = slice(source.segments, range);
  blobs.retain(segments);
  if (size === source.size && !source.parts && source.checksum?.algorithm === algorithm) {
    return { size, etag: source.etag, segments, checksum: source.checksum };
  }
  try {
    const { algorithms, check } = claimsOf({}, algorithm);
    const digests = startDigests(algorithms);
    for await (const chunk of blobs.read(segments)) digests.update(chunk);
    return { size, segments, ...check(await digests.end()) };
  } catch (error) {
    blobs.release(segments);
    throw error;
  }
}
