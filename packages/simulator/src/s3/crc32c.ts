/** Reversed Castagnoli polynomial. */
const POLYNOMIAL = 0x82f63b78;

const TABLE_ENTRIES = 256;

/** Eight tables in one, to process eight bytes per step; table `n` starts at `n * TABLE_ENTRIES`. */
const TABLES = makeTables();

function makeTables(): Uint32Array {
  const tables = new Uint32Array(8 * TABLE_ENTRIES);
  for (let byte = 0; byte < TABLE_ENTRIES; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    tables[byte] = crc;
  }
  for (let at = TABLE_ENTRIES; at < tables.length; at++) {
    const before = tables[at - TABLE_ENTRIES] ?? 0;
    tables[at] = (before >>> 8) ^ (tables[before & 0xff] ?? 0);
  }
  return tables;
}

/** CRC-32C of `data` that continues `previous`, the CRC of the preceding bytes, as `zlib.crc32` does for CRC-32. */
export function crc32c(data: Uint8Array, previous = 0): number {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let crc = ~previous;
  let at = 0;
  for (const end = data.length - 7; at < end; at += 8) {
    const low = crc ^ view.getUint32(at, true);
    const high = view.getUint32(at + 4, true);
    crc = lookUp(7, low) ^ lookUp(6, low >>> 8) ^ lookUp(5, low >>> 16) ^ lookUp(4, low >>> 24);
    crc ^= lookUp(3, high) ^ lookUp(2, high >>> 8) ^ lookUp(1, high >>> 16) ^ lookUp(0, high >>> 24);
  }
  for (; at < data.length; at++) crc = (crc >>> 8) ^ lookUp(0, crc ^ view.getUint8(at));
  return ~crc >>> 0;
}

/** The entry of table `table` for the lowest byte of `bits`. */
function lookUp(table: number, bits: number): number {
  return TABLES[table * TABLE_ENTRIES + (bits & 0xff)] ?? 0;
}
