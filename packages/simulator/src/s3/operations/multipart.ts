import { createHash } from 'node:crypto';
import { claimedChecksum } from '../body-digests.ts';
import type { Input, Operations, S3Call } from '../calls.ts';
import {
  CHECKSUM_ALGORITHMS,
  checksumMember,
  checksumMembers,
  checksumOfParts,
  DEFAULT_CHECKSUM,
  declaredChecksum,
  multipartChecksumType,
} from '../checksums.ts';
import { checkCompletion } from '../conditions.ts';
import { badDigest, invalidArgument, invalidRequest, S3Error, s3Error } from '../errors.ts';
import { ingest } from '../ingest.ts';
import type { Content, ObjectVersion, Upload, UploadedPart } from '../model.ts';
import { checkKey } from '../names.ts';
import { describedBy } from '../object-headers.ts';
import type { S3State } from '../state.ts';
import { encryptionOf, shownOf } from '../store-object.ts';

/** Minimum size of every part but the last. */
const MIN_PART_BYTES = 5 * 1024 ** 2;
/** Maximum size of an object: 5 TiB. */
const MAX_OBJECT_BYTES = 5 * 1024 ** 4;

type CompleteInput = Input<'CompleteMultipartUpload'>;
type UploadName = Pick<Input<'ListParts'>, 'Bucket' | 'Key' | 'UploadId'>;

/** Create, fill, complete and abort multipart uploads. */
export function multipartOperations(state: S3State) {
  return {
    CreateMultipartUpload: (call) => createUpload(state, call),

    async UploadPart(call) {
      const { input } = call;
      checkPartNumber(input.PartNumber);
      const upload = findUpload(call);
      state.authorizeKey(call, upload, 'Decrypt');
      const declared = claimedChecksum(input)?.algorithm;
      const expected = upload.checksum?.algorithm;
      // A part of an upload without checksums can have any: boto3 adds one.
      if (declared && expected && declared !== expected) {
        const names = [expected, declared].map((name) => name.toLowerCase());
        const message = `expected checksum Type: ${names[0]}, actual checksum Type: ${names[1]}`;
        throw invalidRequest(`Checksum Type mismatch occurred, ${message}`);
      }
      const part = storePart(state, call, await ingest(state.blobs, input, expected ?? DEFAULT_CHECKSUM.algorithm));
      // Unless the upload has checksums, S3 shows a part's only in the response to the request that claims it.
      const claimed = claimedChecksum(input);
      const shown = claimed && { [`Checksum${claimed.algorithm}`]: claimed.value() };
      return { ETag: `"${part.etag}"`, ...shown, ...partChecksum(upload, part), ...encryptionOf(upload.headers) };
    },

    async CompleteMultipartUpload(call) {
      const completed = completedVersion(call);
      if (completed) return describeCompleted(state, call, completed);
      const upload = findUpload(call);
      checkChecksumType(upload, call.input.ChecksumType);
      const checksum = await checksumOf(upload, choosePartsOf(upload, call.input), call.input);
      // No await from here on. A part that was replaced meanwhile fails these checks.
      return describeCompleted(state, call, completeUpload(state, call, checksum));
    },

    AbortMultipartUpload(call) {
      const upload = findUpload(call);
      call.bucket.uploads.delete(upload.id);
      for (const part of upload.parts.values()) state.blobs.release(part.segments);
      return {};
    },
  } satisfies Operations;
}

/** Throws NoSuchBucket or NoSuchUpload. */
export function findUpload({ input: { Key, UploadId = '' }, bucket }: S3Call<UploadName>): Upload {
  const key = checkKey(Key);
  const upload = bucket.uploads.get(UploadId);
  if (upload?.key !== key) throw s3Error('NoSuchUpload', { UploadId });
  return upload;
}

/** Adds or replaces a part. Takes over `content`, and releases it if the upload has ended meanwhile. */
export function storePart(
  state: S3State,
  call: S3Call<UploadName & { PartNumber?: number | undefined }>,
  content: Content,
): UploadedPart {
  try {
    const { parts } = findUpload(call);
    const number = checkPartNumber(call.input.PartNumber);
    const part: UploadedPart = { ...content, number, lastModified: state.now() };
    const replaced = parts.get(part.number);
    parts.set(part.number, part);
    if (replaced) state.blobs.release(replaced.segments);
    return part;
  } catch (error) {
    state.blobs.release(content.segments);
    throw error;
  }
}

function checkPartNumber(value: number | undefined): number {
  if (value !== undefined && Number.isInteger(value) && value >= 1 && value <= 10_000) return value;
  throw invalidArgument('Part number must be an integer between 1 and 10000, inclusive', 'partNumber', String(value));
}

/** The checksum members of responses about an upload. */
export const checksumSettings = ({ checksum }: Upload) =>
  checksum ? { ChecksumAlgorithm: checksum.algorithm, ChecksumType: checksum.type } : {};

/** The checksum members of responses about a part: S3 shows none that it computes for an upload without checksums. */
export const partChecksum = (upload: Upload, { checksum }: UploadedPart) => checksumMember(upload.checksum && checksum);

function createUpload(state: S3State, call: S3Call<Input<'CreateMultipartUpload'>>) {
  const { input, bucket } = call;
  const key = checkKey(input.Key);
  const algorithm = declaredChecksum({ ChecksumAlgorithm: input.ChecksumAlgorithm })?.algorithm;
  if (!algorithm && input.ChecksumType !== undefined) {
    throw invalidRequest('The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.');
  }
  const id = state.deps.ids.hex(64);
  const described = describedBy(input);
  const upload: Upload = {
    ...described,
    id,
    key,
    initiated: state.now(),
    parts: new Map(),
    headers: state.encryptedHeaders(call, key, described.headers),
    ...(algorithm && { checksum: { algorithm, type: multipartChecksumType(algorithm, input.ChecksumType) } }),
  };
  bucket.uploads.set(id, upload);
  const settings = { ...checksumSettings(upload), ...encryptionOf(upload.headers) };
  return { Bucket: bucket.name, Key: key, UploadId: id, ...settings };
}

/** The object that an upload has become. S3 answers a repeated completion as the first one. */
const completedVersion = ({ input: { Key = '', UploadId }, bucket }: S3Call<UploadName>): ObjectVersion | undefined =>
  bucket.objects.get(Key)?.find(({ uploadId }) => uploadId !== undefined && uploadId === UploadId);

function completeUpload(state: S3State, call: S3Call<CompleteInput>, checksum: Content['checksum']): ObjectVersion {
  const { input, bucket } = call;
  const upload = findUpload(call);
  const { key, headers, metadata, tags } = upload;
  const parts = choosePartsOf(upload, input);
  const size = assembledSize(parts, input);
  // S3 decrypts the parts in order to assemble them.
  state.authorizeKey(call, upload, 'Decrypt');
  checkCompletion(input, upload, state.live(bucket, key));

  bucket.uploads.delete(upload.id);
  const used = new Set(parts);
  for (const part of upload.parts.values()) if (!used.has(part)) state.blobs.release(part.segments);
  const object = {
    key,
    headers,
    metadata,
    tags,
    size,
    checksum,
    uploadId: upload.id,
    etag: etagOfParts(parts),
    segments: parts.flatMap((part) => part.segments),
    lastModified: upload.initiated,
    parts: parts.map((part) => ({ size: part.size, checksum: upload.checksum && part.checksum })),
  };
  return state.put(call, object, 'CompleteMultipartUpload');
}

function describeCompleted(state: S3State, { bucket }: S3Call, version: ObjectVersion) {
  const { key, etag, checksum } = version;
  return {
    Location: `http://s3.${state.deps.account.region}.localhost/${bucket.name}/${encodeURIComponent(key)}`,
    Bucket: bucket.name,
    Key: key,
    ETag: `"${etag}"`,
    ...checksumMembers(checksum),
    ...shownOf(version),
  };
}

function assembledSize(parts: readonly UploadedPart[], input: CompleteInput): number {
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  const expected = input.MpuObjectSize;
  if (expected !== undefined && Number(expected) !== size) {
    const header = `The provided 'x-amz-mp-object-size' header value ${expected}`;
    throw invalidRequest(`${header} does not match what was computed: ${size}`);
  }
  if (size <= MAX_OBJECT_BYTES) return size;
  throw new S3Error('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed object size.', 400);
}

function checkChecksumType({ checksum }: Upload, completed: string | undefined): void {
  if (completed === undefined || completed === checksum?.type) return;
  const mode = `The upload was created using the ${checksum?.type ?? 'null'} checksum mode.`;
  throw invalidRequest(`${mode} The complete request must use the same checksum mode.`);
}

/** The listed parts. Throws MalformedXML, InvalidRequest, BadDigest, InvalidPartOrder, InvalidPart, EntityTooSmall. */
function choosePartsOf(
  upload: Upload,
  { MultipartUpload: { Parts: listed = [] } = {} }: CompleteInput,
): UploadedPart[] {
  if (listed.length === 0) throw invalidRequest('You must specify at least one part');
  const UploadId = upload.id;
  const { checksum } = upload;
  let before = 0;
  const chosen = listed.map((entry) => {
    const { PartNumber: number, ETag = '' } = entry;
    if (number === undefined || !Number.isInteger(number)) throw s3Error('MalformedXML');
    if (number <= before) throw s3Error('InvalidPartOrder', { UploadId });
    before = number;
    const part = upload.parts.get(number);
    const claimed = CHECKSUM_ALGORITHMS.find((algorithm) => entry[`Checksum${algorithm}`] !== undefined);
    if (checksum && claimed && claimed !== checksum.algorithm) {
      const message = `The ${claimed.toLowerCase()} you specified for part ${number} did not match what we received.`;
      throw new S3Error('BadDigest', message, 400);
    }
    if (checksum?.type === 'COMPOSITE' && !claimed) {
      const created = `The upload was created using a ${checksum.algorithm.toLowerCase()} checksum.`;
      const missing = `It was missing for part ${number} in the request.`;
      throw invalidRequest(`${created} The complete request must include the checksum for each part. ${missing}`);
    }
    if (
      !part ||
      part.etag !== ETag.replaceAll('"', '') ||
      (claimed && partChecksum(upload, part)[`Checksum${claimed}`] !== entry[`Checksum${claimed}`])
    ) {
      throw s3Error('InvalidPart', { UploadId, PartNumber: number, ETag: ETag.replaceAll('"', '') });
    }
    return part;
  });
  const small = chosen.slice(0, -1).find(({ size }) => size < MIN_PART_BYTES);
  if (!small) return chosen;
  const { size, number, etag } = small;
  const sizes = { ProposedSize: size, MinSizeAllowed: MIN_PART_BYTES };
  throw s3Error('EntityTooSmall', { ...sizes, PartNumber: number, ETag: etag });
}

async function checksumOf(upload: Upload, parts: readonly UploadedPart[], input: CompleteInput) {
  const { algorithm, type } = upload.checksum ?? DEFAULT_CHECKSUM;
  const sums = parts.map((part) => ({ value: part.checksum?.value ?? '', size: part.size }));
  const checksum = await checksumOfParts(algorithm, type, sums);
  const claimed = CHECKSUM_ALGORITHMS.map((name) => input[`Checksum${name}`]).find((value) => value !== undefined);
  if (!upload.checksum || claimed === undefined) return checksum;
  const bare = (value: string) => value.replace(/-\d+$/, '');
  // Unless the request says that it is of the whole object, S3 takes such a checksum for a composite.
  const isOfType = type === 'COMPOSITE' || algorithm === 'CRC64NVME' || input.ChecksumType === type;
  if (!isOfType || bare(claimed) !== bare(checksum.value)) throw badDigest(algorithm.toLowerCase());
  return checksum;
}

function etagOfParts(parts: readonly UploadedPart[]): string {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part.etag, 'hex');
  return `${hash.digest('hex')}-${parts.length}`;
}
