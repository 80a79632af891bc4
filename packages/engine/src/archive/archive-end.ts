import { BLOCK_BYTES } from './tar-header.ts';

/** Bytes at the end of a gzip that say how much it inflates to, after a checksum. */
export const END_BYTES = 8;

const SIZE_AT = 4;

/**
 * Whether a gzip that ends with these bytes can be that of a tar, which fills whole blocks. Of 512 archives that were
 * cut off, it is true of one. It can be false of an archive that is whole, if its gzip has several members, or
 * something else follows it: so it is a reason to read all of it, and none to refuse it.
 */
export function endsLikeTar(end: Buffer): boolean {
  return end.length < END_BYTES || end.readUInt32LE(SIZE_AT) % BLOCK_BYTES === 0;
}
