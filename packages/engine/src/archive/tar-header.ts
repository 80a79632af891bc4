/** Length of a header, and of the unit that the content of an entry fills, in bytes. */
export const BLOCK_BYTES = 512;

const CHECKSUM_AT = 148;
const CHECKSUM_END = 156;

/** The fields of a header that matter here. */
export interface TarHeader {
  readonly path: string;
  readonly linkPath: string;
  /** One character: `0` file, `5` folder, … */
  readonly type: string;
  readonly mode: number;
  /** Bytes that follow the header. Undefined: the field has no valid number. */
  readonly size: number | undefined;
}

export function parseHeader(block: Buffer): TarHeader {
  const path = textOf(block.subarray(0, 100));
  // GNU's old format has other fields in the place of POSIX's prefix.
  const isPosix = block.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isPosix ? textOf(block.subarray(345, 500)) : '';
  return {
    path: prefix === '' ? path : `${prefix}/${path}`,
    linkPath: textOf(block.subarray(157, 257)),
    type: block.toString('latin1', 156, 157),
    mode: numberOf(block.subarray(100, 108)) ?? 0,
    size: numberOf(block.subarray(124, 136)),
  };
}

/** Whether the block is a header: its checksum matches, of unsigned bytes or, by old programs, of signed ones. */
export function isHeader(block: Buffer): boolean {
  if (block.length < BLOCK_BYTES) return false;
  const declared = numberOf(block.subarray(CHECKSUM_AT, CHECKSUM_END));
  let unsigned = 0;
  let signed = 0;
  for (let at = 0; at < BLOCK_BYTES; at++) {
    const byte = at >= CHECKSUM_AT && at < CHECKSUM_END ? 0x20 : (block[at] ?? 0);
    unsigned += byte;
    signed += byte < 0x80 ? byte : byte - 0x100;
  }
  return declared === unsigned || declared === signed;
}

export function isZeroBlock(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}

/** Up to the first NUL. Bytes that are not UTF-8 become U+FFFD. */
export function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

/** A number in octal digits or, with the first bit set, in bytes. Undefined: neither, negative, or too large. */
export function numberOf(field: Buffer): number | undefined {
  const first = field[0] ?? 0;
  if (first & 0x80) return first === 0x80 ? binaryNumber(field.subarray(1)) : undefined;
  const digits = textOf(field).trim();
  if (digits === '') return 0;
  return /^[0-7]+$/.test(digits) ? safe(Number.parseInt(digits, 8)) : undefined;
}

function binaryNumber(bytes: Buffer): number | undefined {
  return safe(bytes.reduce((value, byte) => value * 256 + byte, 0));
}

function safe(value: number): number | undefined {
  return Number.isSafeInteger(value) ? value : undefined;
}
