/** A reflected CRC with all bits inverted before and after, like all three of S3's. */
interface CrcParameters {
  readonly bits: number;
  /** Reversed polynomial. */
  readonly polynomial: bigint;
}

/** Computes the CRC of a whole from its parts' CRCs and lengths in bytes, as zlib's crc32_combine does. */
export function combineCrcs(parameters: CrcParameters, parts: readonly { crc: bigint; length: number }[]): bigint {
  const shifts = new Map<number, bigint>();
  let whole = 0n;
  for (const { crc, length } of parts) {
    let shift = shifts.get(length);
    if (shift === undefined) {
      shift = powerOfX(parameters, 8n * BigInt(length));
      shifts.set(length, shift);
    }
    whole = multiply(parameters, shift, whole) ^ crc;
  }
  return whole;
}

/** a·b modulo the polynomial; bit `bits - 1` is the coefficient of x⁰. */
function multiply({ bits, polynomial }: CrcParameters, a: bigint, b: bigint): bigint {
  let product = 0n;
  let factor = b;
  for (let bit = 1n << BigInt(bits - 1); bit > 0n; bit >>= 1n) {
    if (a & bit) product ^= factor;
    factor = factor & 1n ? (factor >> 1n) ^ polynomial : factor >> 1n;
  }
  return product;
}

/** xⁿ modulo the polynomial. */
function powerOfX(parameters: CrcParameters, exponent: bigint): bigint {
  let result = 1n << BigInt(parameters.bits - 1);
  let square = 1n << BigInt(parameters.bits - 2);
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = multiply(parameters, result, square);
    square = multiply(parameters, square, square);
  }
  return result;
}
