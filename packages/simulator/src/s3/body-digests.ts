import {
  type ChecksumAlgorithm,
  type ChecksumMembers,
  declaredChecksum,
  isBase64Of,
  startDigest,
} from './checksums.ts';
import { badDigest, s3Error } from './errors.ts';
import { detailsOf } from './request-details.ts';

/** The members of an input that say what its body must be, besides the details of the request. */
export interface DigestInput extends ChecksumMembers {
  readonly ContentMD5?: string | undefined;
  readonly ChecksumAlgorithm?: string | undefined;
}

/** The checksum of a body, which comes as a header or as a trailer: then it is known when the body has been read. */
interface ClaimedChecksum {
  readonly algorithm: ChecksumAlgorithm;
  value(): string | undefined;
}

/** The checksum that a request claims, or only its algorithm. Throws InvalidRequest. */
export function claimedChecksum(input: DigestInput): ClaimedChecksum | undefined {
  const declared = declaredChecksum(input);
  const trailer = detailsOf(input)?.trailer;
  if (trailer && declared?.value === undefined) return trailer;
  return declared && { algorithm: declared.algorithm, value: () => declared.value };
}

/** Digests a body by all that the request claims, by MD5 and by `kept`. Throws InvalidDigest or InvalidRequest. */
export function startDigests(input: DigestInput, kept: ChecksumAlgorithm | 'MD5' = 'MD5') {
  const { ContentMD5 } = input;
  const { payloadSha256 } = detailsOf(input) ?? {};
  const claimed = claimedChecksum(input);
  if (ContentMD5 !== undefined && !isBase64Of(ContentMD5, 16)) throw s3Error('InvalidDigest');
  const algorithms = new Set<ChecksumAlgorithm | 'MD5'>(['MD5', kept, claimed?.algorithm ?? kept]);
  if (payloadSha256 !== undefined) algorithms.add('SHA256');
  const digests = [...algorithms].map((algorithm) => ({ algorithm, digest: startDigest(algorithm) }));
  return {
    update(chunk: Uint8Array): void {
      for (const { digest } of digests) digest.update(chunk);
    },
    /** Throws BadDigest or XAmzContentSHA256Mismatch if the body is not what the request claims. */
    async end(): Promise<{ md5: string; checksum: string }> {
      const sums = new Map<string, Buffer>();
      for (const { algorithm, digest } of digests) sums.set(algorithm, await digest.end());
      const sum = (algorithm: string, encoding: 'base64' | 'hex') => sums.get(algorithm)?.toString(encoding) ?? '';
      if (ContentMD5 !== undefined && sum('MD5', 'base64') !== ContentMD5) throw badDigest('Content-MD5');
      if (payloadSha256 !== undefined && sum('SHA256', 'hex') !== payloadSha256) {
        throw s3Error('XAmzContentSHA256Mismatch');
      }
      const expected = claimed?.value();
      if (claimed && expected !== undefined && sum(claimed.algorithm, 'base64') !== expected) {
        throw badDigest(claimed.algorithm);
      }
      return { md5: sum('MD5', 'hex'), checksum: sum(kept, 'base64') };
    },
  };
}
