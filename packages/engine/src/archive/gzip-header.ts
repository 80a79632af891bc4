const FIXED_BYTES = 10;
const DEFLATE = 8;
const FLAG_CRC = 2;
const FLAG_EXTRA = 4;
const FLAG_NAME = 8;
const FLAG_COMMENT = 16;
const RESERVED_FLAGS = 0xe0;

/** The length of the header that a gzip member begins with, in bytes. `partial`: it is longer than the bytes so far. */
export function gzipHeaderBytes(bytes: Buffer): number | 'partial' | 'invalid' {
  if (bytes.length < FIXED_BYTES) return 'partial';
  const flags = bytes[3] ?? 0;
  if (bytes[2] !== DEFLATE || flags & RESERVED_FLAGS) return 'invalid';
  let at = FIXED_BYTES;
  if (flags & FLAG_EXTRA) {
    if (bytes.length < at + 2) return 'partial';
    at += 2 + bytes.readUInt16LE(at);
  }
  for (const flag of [FLAG_NAME, FLAG_COMMENT]) {
    if (!(flags & flag)) continue;
    const end = bytes.indexOf(0, at);
    if (end < 0) return 'partial';
    at = end + 1;
  }
  if (flags & FLAG_CRC) at += 2;
  return at <= bytes.length ? at : 'partial';
}

export function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}
