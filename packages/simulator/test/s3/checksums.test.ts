import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { checksumOfParts, startDigest } from '../../src/s3/checksums.ts';

const bytes = Buffer.from(Array.from({ length: 1003 }, (_, index) => (index * 31) & 0xff));

async function checksumOf(algorithm: 'CRC32' | 'CRC32C' | 'CRC64NVME', data: Uint8Array) {
  const digest = startDigest(algorithm);
  digest.update(data);
  return (await digest.end()).toString('base64');
}

describe('checksums', () => {
  it('give the check values of the published catalogue', async () => {
    const check = Buffer.from('123456789');
    expect(Buffer.from(await checksumOf('CRC32C', check), 'base64').readUInt32BE()).toBe(0xe3069283);
    expect(Buffer.from(await checksumOf('CRC64NVME', check), 'base64').toString('hex')).toBe('ae8b14860a799888');
    expect(Buffer.from(await checksumOf('CRC32', check), 'base64').readUInt32BE()).toBe(crc32(check));
  });

  it('go on from an earlier chunk', async () => {
    for (const cut of [0, 1, 7, 8, 9, 500, 1003]) {
      const digest = startDigest('CRC32C');
      digest.update(bytes.subarray(0, cut));
      digest.update(bytes.subarray(cut));
      expect((await digest.end()).toString('base64')).toBe(await checksumOf('CRC32C', bytes));
    }
  });

  it.each(['CRC32', 'CRC32C', 'CRC64NVME'] as const)('combine to the whole object for %s', async (algorithm) => {
    const cuts = [0, 10, 11, 400, 400, 1003];
    const parts = await Promise.all(
      cuts.slice(1).map(async (end, index) => {
        const part = bytes.subarray(cuts[index], end);
        return { value: await checksumOf(algorithm, part), size: part.length };
      }),
    );
    const whole = await checksumOfParts(algorithm, 'FULL_OBJECT', parts);
    expect(whole.value).toBe(await checksumOf(algorithm, bytes));
  });
});
