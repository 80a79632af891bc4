import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Crc32c, Crc64Nvme } from '@aws-sdk/checksums/crc';
import { combineCrcs } from './crc-combine.ts';
import { invalidRequest } from './errors.ts';

/** S3's checksum algorithms, besides MD5, with the lengths of their digests. The CRCs of parts can be combined. */
const ALGORITHMS = {
  CRC32: { bytes: 4, polynomial: 0xedb88320n },
  CRC32C: { bytes: 4, Crc: Crc32c, polynomial: 0x82f63b78n },
  CRC64NVME: { bytes: 8, Crc: Crc64Nvme, polynomial: 0x9a6c9329ac4bc9b5n },
  SHA1: { bytes: 20 },
  SHA256: { bytes: 32 },
} as const;

/** Named as in the SDK's shapes. */
export type ChecksumAlgorithm = keyof typeof ALGORITHMS;
export const CHECKSUM_ALGORITHMS = Object.keys(ALGORITHMS) as ChecksumAlgorithm[];
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
  if (algorithm === 'CRC32') return startCrc32();
  const digest = isCrc(algorithm) ? new ALGORITHMS[algorithm].Crc() : createHash(algorithm);
  return { update: (chunk) => void digest.update(chunk), end: async () => Buffer.from(await digest.digest()) };
}

/** Node's own, which is native: clients use it most. */
function startCrc32(): Digest {
  let crc = 0;
  return {
    update(chunk) {
      crc = crc32(chunk, crc);
    },
    async end() {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(crc);
      return bytes;
    },
  };
}

/** Whether `name` (in upper case) is one of S3's algorithms. */
export const isChecksumAlgorithm = (name: string | undefined): name is ChecksumAlgorithm =>
  name !== undefined && Object.hasOwn(ALGORITHMS, name);

const isCrc = (algorithm: string): algorithm is 'CRC32' | 'CRC32C' | 'CRC64NVME' => algorithm.startsWith('CRC');

/** The checksum type of a multipart upload; `asked` or the algorithm's default. Throws InvalidRequest. */
export function multipartChecksumType(algorithm: ChecksumAlgorithm, asked: string | undefined): ChecksumType {
  const type = asked ?? (algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE');
  if (type === 'FULL_OBJECT' && isCrc(algorithm)) return type;
  if (type === 'COMPOSITE' && algorithm !== 'CRC64NVME') return type;
  const name = algorithm.toLowerCase();
  throw invalidRequest(`The ${type} checksum type cannot be used with the ${name} checksum algorithm.`);
}

/** Computes the checksum of an object from those of its parts. */
export async function checksumOfParts(
  algorithm: ChecksumAlgorithm,
  type: ChecksumType,
  parts: readonly { value: string; size: number }[],
): Promise<Checksum> {
  const raw = parts.map(({ value, size }) => ({ bytes: Buffer.from(value, 'base64'), length: size }));
  if (type === 'FULL_OBJECT' && isCrc(algorithm)) {
    const { bytes: width, polynomial } = ALGORITHMS[algorithm];
    const crcs = raw.map(({ bytes, length }) => ({ crc: BigInt(`0x${bytes.toString('hex')}`), length }));
    const crc = combineCrcs({ bits: 8 * width, polynomial }, crcs);
    const hex = crc.toString(16).padStart(2 * width, '0');
    return { algorithm, type, value: Buffer.from(hex, 'hex').toString('base64') };
  }
  const digest = startDigest(algorithm);
  for (const { bytes } of raw) digest.update(bytes);
  return { algorithm, type, value: `${(await digest.end()).toString('base64')}-${parts.length}` };
}

/** The checksum that a request declares: with its value, or only its algorithm. Throws InvalidRequest. */
export function declaredChecksum(
  input: ChecksumMembers & { ChecksumAlgorithm?: string | undefined },
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
    if (isBase64Of(value, ALGORITHMS[algorithm].bytes)) return declared;
    throw invalidRequest(`Value for x-amz-checksum-${algorithm.toLowerCase()} header is invalid.`);
  }
  const named = input.ChecksumAlgorithm?.toUpperCase();
  if (named === undefined || named === 'MD5') return undefined;
  if (isChecksumAlgorithm(named)) return { algorithm: named };
  throw invalidRequest(
    'Checksum algorithm provided is unsupported. Please try again with any of the valid types: ' +
      `[${CHECKSUM_ALGORITHMS.join(', ')}]`,
  );
}

/** Whether `value` is canonical base64 of `bytes` bytes. */
export const isBase64Of = (value: string, bytes: number): boolean => {
  const raw = Buffer.from(value, 'base64');
  return raw.length === bytes && raw.toString('base64') === value;
};

/** The member of a response that holds `checksum`. */
export const checksumMember = (checksum: Checksum | undefined): ChecksumMembers =>
  checksum ? { [`Checksum${checksum.algorithm}`]: checksum.value } : {};

/** The members of a response for the checksum of a whole object. */
export const checksumMembers = (checksum: Checksum | undefined) => ({
  ...checksumMember(checksum),
  ChecksumType: checksum?.type,
});
