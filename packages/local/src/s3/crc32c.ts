/** Reversed Castagnoli polynomial. */
const POLYNOMIAL = 0x82f63b78;

/** Eight tables of 256, so that eight bytes are taken at a time. */
const TABLES = makeTables();

function makeTables(): Uint32Array {
  const made = new Uint32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    made[byte] = crc;
  }
  for (let at = 256; at < made.length; at++) {
    const before = made[at - 256]!;
    made[at] = (before >>> 8) ^ made[before & 0xff]!;
  }
  return made;
}

/** CRC-32C of `data`, going on from `previous` (the CRC of what came before), as `zlib.crc32` does for CRC-32. */
export function crc32c(data: Uint8Array, previous = 0): number {
  let crc = ~previous;
  let at = 0;
  for (const end = data.length - 7; at < end; at += 8) {
    crc ^= data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24);
    crc =
      TABLES[1792 + (crc & 0xff)]! ^
      TABLES[1536 + ((crc >>> 8) & 0xff)]! ^
      TABLES[1280 + ((crc >>> 16) & 0xff)]! ^
      TABLES[1024 + (crc >>> 24)]! ^
      TABLES[768 + data[at + 4]!]! ^
      TABLES[512 + data[at + 5]!]! ^
      TABLES[256 + data[at + 6]!]! ^
      TABLES[data[at + 7]!]!;
  }
  for (; at < data.length; at++) crc = (crc >>> 8) ^ TABLES[(crc ^ data[at]!) & 0xff]!;
  return ~crc >>> 0;
}
