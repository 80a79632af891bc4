import { createHash } from 'node:crypto';
import type {
  AbortMultipartUploadCommandInput,
  CompletedPart,
  CompleteMultipartUploadCommandInput,
  CompleteMultipartUploadCommandOutput,
  CreateMultipartUploadCommandInput,
  CreateMultipartUploadCommandOutput,
  UploadPartCommandInput,
  UploadPartCommandOutput,
} from '@aws-sdk/client-s3';
import type { Caller, Operation } from '../../core/cloud.ts';
import {
  CHECKSUM_ALGORITHMS,
  type ChecksumMembers,
  checksumMembers,
  checksumOfParts,
  DEFAULT_CHECKSUM,
  declaredChecksum,
  multipartChecksumType,
} from '../checksums.ts';
import { checkWriteConditions } from '../conditions.ts';
import { badDigest, invalidArgument, invalidRequest, malformedXml, noSuchUpload, S3Error } from '../errors.ts';
import { ingest, uploadAlgorithm } from '../ingest.ts';
import type { Content, Upload, UploadedPart } from '../model.ts';
import { checkKey } from '../names.ts';
import { encryptionOf, headersOf, metadataOf } from '../object-headers.ts';
import type { S3State } from '../state.ts';
import { parseTagging } from '../tags.ts';
import type { SdkOutput } from './output.ts';

/** Minimum size of every part but the last. */
const MIN_PART_BYTES = 5 * 1024 ** 2;
/** Maximum size of an object: 5 TiB. */
const MAX_OBJECT_BYTES = 5 * 1024 ** 4;

interface UploadName {
  readonly Bucket?: string | undefined;
  readonly Key?: string | undefined;
  readonly UploadId?: string | undefined;
}

/** Throws NoSuchBucket or NoSuchUpload. */
export function findUpload(state: S3State, input: UploadName): Upload {
  checkKey(input.Key);
  const upload = state.bucket(input.Bucket).uploads.get(input.UploadId ?? '');
  if (!upload || upload.key !== input.Key) throw noSuchUpload(input.UploadId ?? '');
  return upload;
}

/** Adds or replaces a part. Takes over `content`, and releases it if the upload has ended meanwhile. */
export function storePart(
  state: S3State,
  input: UploadName & { PartNumber?: number | undefined },
  content: Content,
): UploadedPart {
  try {
    const { parts } = findUpload(state, input);
    const part: UploadedPart = { ...content, number: partNumber(input.PartNumber), lastModified: state.now() };
    const replaced = parts.get(part.number);
    parts.set(part.number, part);
    if (replaced) state.blobs.release(replaced.segments);
    return part;
  } catch (error) {
    state.blobs.release(content.segments);
    throw error;
  }
}

function partNumber(value: number | undefined): number {
  if (value === undefined || !Number.isInteger(value) || value < 1 || value > 10_000) {
    throw invalidArgument('Part number must be an integer between 1 and 10000, inclusive', 'partNumber', String(value));
  }
  return value;
}

/** Create, fill, complete and abort multipart uploads. */
export function multipartOperations(state: S3State): Record<string, Operation> {
  return {
    CreateMultipartUpload: {
      run: (input: CreateMultipartUploadCommandInput, caller) => createUpload(state, input, caller),
    },
    UploadPart: {
      run: (input: UploadPartCommandInput, caller) => uploadPart(state, input, caller),
    },
    CompleteMultipartUpload: {
      run: (input: CompleteMultipartUploadCommandInput, caller) => completeUpload(state, input, caller),
    },
    AbortMultipartUpload: {
      run(input: AbortMultipartUploadCommandInput): object {
        const upload = findUpload(state, input);
        state.bucket(input.Bucket).uploads.delete(upload.id);
        for (const part of upload.parts.values()) state.blobs.release(part.segments);
        return {};
      },
    },
  };
}

function createUpload(
  state: S3State,
  input: CreateMultipartUploadCommandInput,
  caller: Caller,
): SdkOutput<CreateMultipartUploadCommandOutput> {
  const bucket = state.bucket(input.Bucket);
  const key = input.Key;
  checkKey(key);
  const algorithm = declaredChecksum({ ChecksumAlgorithm: input.ChecksumAlgorithm })?.algorithm;
  if (!algorithm && input.ChecksumType !== undefined) {
    throw invalidRequest('The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.');
  }
  const upload: Upload = {
    id: state.deps.ids.hex(64),
    key,
    initiated: state.now(),
    headers: state.encryptedHeaders(bucket, { key, headers: headersOf(input) }, { input, caller }),
    metadata: metadataOf(input),
    tags: parseTagging(input.Tagging),
    ...(algorithm ? { checksum: { algorithm, type: multipartChecksumType(algorithm, input.ChecksumType) } } : {}),
    parts: new Map(),
  };
  bucket.uploads.set(upload.id, upload);
  return {
    Bucket: bucket.name,
    Key: key,
    UploadId: upload.id,
    ...checksumSettings(upload),
    ...encryptionOf(upload.headers),
  };
}

/** The checksum members of responses about an upload. */
export const checksumSettings = ({ checksum }: Upload) =>
  checksum ? { ChecksumAlgorithm: checksum.algorithm, ChecksumType: checksum.type } : {};

async function uploadPart(
  state: S3State,
  input: UploadPartCommandInput,
  caller: Caller,
): Promise<SdkOutput<UploadPartCommandOutput>> {
  partNumber(input.PartNumber);
  const upload = findUpload(state, input);
  state.authorizeKey(caller, state.bucket(input.Bucket), upload, 'Decrypt');
  const declared = uploadAlgorithm(input);
  const expected = upload.checksum?.algorithm;
  // A part of an upload without checksums can have any: boto3 adds one.
  if (declared && expected && declared !== expected) {
    throw invalidRequest(
      `Checksum Type mismatch occurred, expected checksum Type: ${expected.toLowerCase()}, ` +
        `actual checksum Type: ${declared.toLowerCase()}`,
    );
  }
  const part = storePart(state, input, await ingest(state.blobs, input, expected ?? DEFAULT_CHECKSUM.algorithm));
  return { ETag: `"${part.etag}"`, ...partChecksum(upload, part), ...encryptionOf(upload.headers) };
}

/** The checksum members of responses about a part: S3 shows none that it computes for an upload without checksums. */
export function partChecksum(upload: Upload, { checksum }: UploadedPart): ChecksumMembers {
  const { ChecksumType: _, ...members } = checksumMembers(upload.checksum && checksum);
  return members;
}

async function completeUpload(
  state: S3State,
  input: CompleteMultipartUploadCommandInput,
  caller: Caller,
): Promise<SdkOutput<CompleteMultipartUploadCommandOutput>> {
  const listed = input.MultipartUpload?.Parts ?? [];
  const chosen = choosePartsOf(findUpload(state, input), listed);
  const checksum = await checksumOf(findUpload(state, input), chosen, input);
  // No await from here to the commit. A part that was replaced meanwhile fails these checks.
  const bucket = state.bucket(input.Bucket);
  const upload = findUpload(state, input);
  const parts = choosePartsOf(upload, listed);
  const size = assembledSize(parts, input);
  // S3 decrypts the parts in order to assemble them.
  state.authorizeKey(caller, bucket, upload, 'Decrypt');
  checkWriteConditions(input, upload.key, state.live(bucket, upload.key));

  bucket.uploads.delete(upload.id);
  const used = new Set(parts);
  for (const part of upload.parts.values()) if (!used.has(part)) state.blobs.release(part.segments);
  const assembled = { ...assemble(upload, parts), size, checksum };
  const version = state.put(bucket, assembled, 'CompleteMultipartUpload', { input, caller });
  return {
    Location: `http://s3.${state.deps.account.region}.localhost/${bucket.name}/${encodeURIComponent(upload.key)}`,
    Bucket: bucket.name,
    Key: upload.key,
    ETag: `"${version.etag}"`,
    ...checksumMembers(version.checksum),
    ...encryptionOf(upload.headers),
    ...state.shownVersionId(bucket, version),
  };
}

function assembledSize(
  parts: readonly UploadedPart[],
  { MpuObjectSize: expected }: { MpuObjectSize?: number },
): number {
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  if (expected !== undefined && Number(expected) !== size) {
    throw invalidRequest(
      "The provided 'x-amz-mp-object-size' header does not match what was computed. " +
        `expected: ${expected}, actual: ${size}`,
    );
  }
  if (size > MAX_OBJECT_BYTES) {
    throw new S3Error('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed object size.', 400);
  }
  return size;
}

function assemble(upload: Upload, parts: readonly UploadedPart[]) {
  return {
    key: upload.key,
    etag: etagOfParts(parts),
    segments: parts.flatMap((part) => part.segments),
    headers: upload.headers,
    metadata: upload.metadata,
    tags: upload.tags,
    lastModified: upload.initiated,
    parts: parts.map(({ number, size, checksum }) => ({
      number,
      size,
      ...(upload.checksum && checksum && { checksum }),
    })),
  };
}

/** The parts that a completion lists. Throws MalformedXML, InvalidPartOrder, InvalidPart or EntityTooSmall. */
function choosePartsOf(upload: Upload, listed: readonly CompletedPart[]): UploadedPart[] {
  if (listed.length === 0) throw malformedXml();
  let before = 0;
  const chosen = listed.map((entry) => {
    const number = entry.PartNumber;
    if (number === undefined || !Number.isInteger(number)) throw malformedXml();
    if (number <= before) {
      throw new S3Error(
        'InvalidPartOrder',
        'The list of parts was not in ascending order. Parts must be ordered by part number.',
        400,
        { UploadId: upload.id },
      );
    }
    before = number;
    const part = upload.parts.get(number);
    if (!part || part.etag !== entry.ETag?.replaceAll('"', '') || !checksumsAgree(part, entry)) {
      throw new S3Error(
        'InvalidPart',
        'One or more of the specified parts could not be found.  The part may not have been uploaded, ' +
          "or the specified entity tag may not match the part's entity tag.",
        400,
        { UploadId: upload.id, PartNumber: String(number), ETag: entry.ETag ?? '' },
      );
    }
    return part;
  });
  for (const part of chosen.slice(0, -1)) {
    if (part.size < MIN_PART_BYTES) {
      throw new S3Error('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', 400, {
        ProposedSize: String(part.size),
        MinSizeAllowed: String(MIN_PART_BYTES),
        PartNumber: String(part.number),
        ETag: part.etag,
      });
    }
  }
  return chosen;
}

const checksumsAgree = (part: UploadedPart, entry: CompletedPart): boolean =>
  CHECKSUM_ALGORITHMS.every((algorithm) => {
    const claimed = entry[`Checksum${algorithm}`];
    return claimed === undefined || (part.checksum?.algorithm === algorithm && part.checksum.value === claimed);
  });

async function checksumOf(upload: Upload, parts: readonly UploadedPart[], input: CompleteMultipartUploadCommandInput) {
  const { algorithm, type } = upload.checksum ?? DEFAULT_CHECKSUM;
  const checksum = await checksumOfParts(
    algorithm,
    type,
    parts.map((part) => ({ value: part.checksum?.value ?? '', size: part.size })),
  );
  const claimed = input[`Checksum${algorithm}`];
  const bare = (value: string) => value.replace(/-\d+$/, '');
  if (claimed !== undefined && bare(claimed) !== bare(checksum.value)) throw badDigest(algorithm);
  return checksum;
}

function etagOfParts(parts: readonly UploadedPart[]): string {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part.etag, 'hex');
  return `${hash.digest('hex')}-${parts.length}`;
}
