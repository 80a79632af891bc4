import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Crc64Nvme } from '@aws-sdk/crc64-nvme';
import { type CrcParameters, combineCrcs } from './crc-combine.ts';
import { crc32c } from './crc32c.ts';
import { invalidRequest } from './errors.ts';

/** S3's checksum algorithms, besides MD5. */
export const CHECKSUM_ALGORITHMS = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const;
/** Named as in the SDK's shapes. */
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];
/** Over all bytes, or over the parts' checksums. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

/** A checksum that S3 keeps with an object or part. */
export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64; of a composite: with `-<number of parts>`. */
  readonly value: string;
  readonly type: ChecksumType;
}

/** What S3 computes for an upload that declares no checksum. */
export const DEFAULT_CHECKSUM = { algorithm: 'CRC64NVME', type: 'FULL_OBJECT' } as const;

/** The members of the SDK's shapes that hold checksums: `ChecksumCRC32` … */
export type ChecksumMembers = { [A in ChecksumAlgorithm as `Checksum${A}`]?: string | undefined };

/** A running digest. */
export interface Digest {
  update(chunk: Uint8Array): void;
  end(): Promise<Buffer>;
}

/** What S3 computes of the content of an object. */
export type DigestAlgorithm = ChecksumAlgorithm | 'MD5';

/** Several digests of the same bytes. */
export function startDigests(algorithms: readonly DigestAlgorithm[]) {
  const digests = algorithms.map((algorithm) => [algorithm, startDigest(algorithm)] as const);
  return {
    update(chunk: Uint8Array): void {
      for (const [, digest] of digests) digest.update(chunk);
    },
    async end(): Promise<Map<DigestAlgorithm, Uint8Array>> {
      return new Map(await Promise.all(digests.map(async ([name, digest]) => [name, await digest.end()] as const)));
    },
  };
}

/** Starts a digest. Its bytes are big-endian; S3 shows them in base64. */
export function startDigest(algorithm: DigestAlgorithm): Digest {
  switch (algorithm) {
    case 'CRC32':
      return crcDigest(crc32);
    case 'CRC32C':
      return crcDigest(crc32c);
    case 'CRC64NVME': {
      const crc = new Crc64Nvme();
      return { update: (chunk) => void crc.update(chunk), end: async () => Buffer.from(await crc.digest()) };
    }
    default: {
      const hash = createHash(algorithm);
      return { update: (chunk) => void hash.update(chunk), end: async () => hash.digest() };
    }
  }
}

function crcDigest(step: (chunk: Uint8Array, before: number) => number): Digest {
  let crc = 0;
  return {
    update: (chunk) => {
      crc = step(chunk, crc);
    },
    end: async () => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(crc);
      return bytes;
    },
  };
}

/** The algorithms whose parts' checksums combine to the checksum of the whole. */
const CRC_PARAMETERS: Partial<Record<ChecksumAlgorithm, CrcParameters>> = {
  CRC32: { width: 32, polynomial: 0xedb88320n },
  CRC32C: { width: 32, polynomial: 0x82f63b78n },
  CRC64NVME: { width: 64, polynomial: 0x9a6c9329ac4bc9b5n },
};

/** Length of each algorithm's digest. */
const DIGEST_BYTES: Record<ChecksumAlgorithm, number> = { CRC32: 4, CRC32C: 4, CRC64NVME: 8, SHA1: 20, SHA256: 32 };

/** Whether `name` (in upper case) is one of S3's algorithms. */
export const isChecksumAlgorithm = (name: string | undefined): name is ChecksumAlgorithm =>
  (CHECKSUM_ALGORITHMS as readonly (string | undefined)[]).includes(name);

/** The checksum type of a multipart upload; `asked` or the algorithm's default. Throws InvalidRequest. */
export function multipartChecksumType(algorithm: ChecksumAlgorithm, asked: string | undefined): ChecksumType {
  const type = asked ?? (algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE');
  const possible = type === 'FULL_OBJECT' ? CRC_PARAMETERS[algorithm] !== undefined : algorithm !== 'CRC64NVME';
  if ((type !== 'FULL_OBJECT' && type !== 'COMPOSITE') || !possible) {
    throw invalidRequest(
      `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    );
  }
  return type;
}

/** Computes the checksum of an object from those of its parts. */
export function checksumOfParts(
  algorithm: ChecksumAlgorithm,
  type: ChecksumType,
  parts: readonly { value: string; size: number }[],
): Promise<Checksum> | Checksum {
  const raw = parts.map(({ value, size }) => ({ bytes: Buffer.from(value, 'base64'), size }));
  const parameters = CRC_PARAMETERS[algorithm];
  if (type === 'FULL_OBJECT' && parameters) {
    const crc = combineCrcs(
      parameters,
      raw.map(({ bytes, size }) => ({ crc: BigInt(`0x${bytes.toString('hex')}`), length: size })),
    );
    const hex = crc.toString(16).padStart(parameters.width / 4, '0');
    return { algorithm, type, value: Buffer.from(hex, 'hex').toString('base64') };
  }
  const digest = startDigest(algorithm);
  for (const { bytes } of raw) digest.update(bytes);
  return digest.end().then((bytes) => ({ algorithm, type, value: `${bytes.toString('base64')}-${parts.length}` }));
}

/** The checksum that a request declares: with its value, or only its algorithm. Throws InvalidRequest. */
export function declaredChecksum(
  input: ChecksumMembers & { ChecksumAlgorithm?: string },
): { algorithm: ChecksumAlgorithm; value?: string } | undefined {
  const given = CHECKSUM_ALGORITHMS.flatMap((algorithm) => {
    const value = input[`Checksum${algorithm}`];
    return value === undefined ? [] : [{ algorithm, value }];
  });
  if (given.length > 1) {
    throw invalidRequest('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.');
  }
  const [declared] = given;
  if (declared) {
    const { algorithm, value } = declared;
    if (!isBase64Of(value, DIGEST_BYTES[algorithm])) {
      throw invalidRequest(`Value for x-amz-checksum-${algorithm.toLowerCase()} header is invalid.`);
    }
    return declared;
  }
  const named = input.ChecksumAlgorithm?.toUpperCase();
  if (named === undefined || named === 'MD5') return undefined;
  if (!isChecksumAlgorithm(named)) {
    throw invalidRequest(
      'Checksum algorithm provided is unsupported. Please try again with any of the valid types: ' +
        '[CRC32, CRC32C, CRC64NVME, SHA1, SHA256]',
    );
  }
  return { algorithm: named };
}

/** Whether `value` is canonical base64 of `bytes` bytes. */
export const isBase64Of = (value: string, bytes: number): boolean => {
  const raw = Buffer.from(value, 'base64');
  return raw.length === bytes && raw.toString('base64') === value;
};

/** The members of a response for `checksum`. */
export const checksumMembers = (checksum: Checksum | undefined): ChecksumMembers & { ChecksumType?: ChecksumType } =>
  checksum ? { [`Checksum${checksum.algorithm}`]: checksum.value, ChecksumType: checksum.type } : {};
