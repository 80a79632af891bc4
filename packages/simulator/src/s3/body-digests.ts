import type { Digests } from './blob-store.ts';
import {
  type ChecksumAlgorithm,
  type ChecksumMembers,
  DEFAULT_CHECKSUM,
  type DigestAlgorithm,
  declaredChecksum,
  isBase64Of,
} from './checksums.ts';
import { badDigest, s3Error } from './errors.ts';
import type { Content } from './model.ts';
import { detailsOf } from './request-details.ts';

/** The members of an input that say what its body must be, besides the details of the request. */
export interface BodyInput extends ChecksumMembers {
  readonly ContentMD5?: string | undefined;
  readonly ChecksumAlgorithm?: string | undefined;
}

/** The checksum of a body, which comes as a header or as a trailer: then it is known when the body has been read. */
interface ClaimedChecksum {
  readonly algorithm: ChecksumAlgorithm;
  value(): string | undefined;
}

/** The checksum that a request claims, or only its algorithm. Throws InvalidRequest. */
export function claimedChecksum(input: BodyInput): ClaimedChecksum | undefined {
  const declared = declaredChecksum(input);
  const trailer = detailsOf(input)?.trailer;
  if (trailer && declared?.value === undefined) return trailer;
  return declared && { algorithm: declared.algorithm, value: () => declared.value };
}

/**
 * What a body is digested by: all that the request claims, and what is stored. Throws InvalidDigest or InvalidRequest.
 * @param keep the checksum to store; default: the one that the request claims, or the one that S3 adds
 */
export function claimsOf(input: BodyInput, keep?: ChecksumAlgorithm) {
  const { ContentMD5 } = input;
  const { payloadSha256 } = detailsOf(input) ?? {};
  const claimed = claimedChecksum(input);
  const kept = keep ?? claimed?.algorithm ?? DEFAULT_CHECKSUM.algorithm;
  if (ContentMD5 !== undefined && !isBase64Of(ContentMD5, 16)) {
    throw s3Error('InvalidDigest', { 'Content-MD5': ContentMD5 });
  }
  const algorithms = new Set<DigestAlgorithm>(['MD5', kept, claimed?.algorithm ?? kept]);
  if (payloadSha256 !== undefined) algorithms.add('SHA256');
  return {
    algorithms: [...algorithms],
    /** What is stored. Throws BadDigest or XAmzContentSHA256Mismatch if the body is not what the request claims. */
    check(digests: Digests): Pick<Content, 'etag' | 'checksum'> {
      const sum = (algorithm: DigestAlgorithm, encoding: 'base64' | 'hex') =>
        Buffer.from(digests.get(algorithm) ?? []).toString(encoding);
      const md5 = sum('MD5', 'base64');
      if (ContentMD5 !== undefined && md5 !== ContentMD5) {
        // PutObject's error has it in hexadecimal.
        const ExpectedDigest = 'PartNumber' in input ? ContentMD5 : Buffer.from(ContentMD5, 'base64').toString('hex');
        throw badDigest('Content-MD5', { ExpectedDigest, CalculatedDigest: md5 });
      }
      if (payloadSha256 !== undefined && sum('SHA256', 'hex') !== payloadSha256) {
        throw s3Error('XAmzContentSHA256Mismatch');
      }
      const expected = claimed?.value();
      if (claimed && expected !== undefined && sum(claimed.algorithm, 'base64') !== expected) {
        throw badDigest(claimed.algorithm);
      }
      return {
        etag: sum('MD5', 'hex'),
        checksum: { algorithm: kept, value: sum(kept, 'base64'), type: 'FULL_OBJECT' },
      };
    },
  };
}
