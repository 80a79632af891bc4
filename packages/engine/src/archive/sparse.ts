import { type PaxRecords, paxNumber, paxValue } from './pax-records.ts';
import { BLOCK_BYTES, numberOf } from './tar-header.ts';

/*
 * Sparse files, as `tar --sparse` writes them: only the parts that are not holes are stored, with a map of where they
 * belong. GNU tar has four formats: the map is in the header and blocks after it (old GNU format), in the pax header
 * as pairs (0.0) or as a list (0.1), or before the content (1.0).
 */

/** Bytes of a file that are stored. */
export interface SparsePart {
  readonly offset: number;
  readonly bytes: number;
}

/** Parts in a map of the old GNU format that is read, at most. */
export const MAX_SPARSE_PARTS = 200_000;
/** Length of a map before the content that is read, at most, in bytes. */
const MAX_MAP_BYTES = 4 * 1024 ** 2;

/** A line of a map before the content, which may go on in the next block. */
const DIGITS = /^\d{0,16}$/;
const DAMAGED_PART: SparsePart = { offset: Number.NaN, bytes: Number.NaN };

const PART_BYTES = 24;
const FIELD_BYTES = 12;

/** Where the old GNU format has its fields: in the header, and in the blocks that continue the map. */
const IN_HEADER = { at: 386, parts: 4, continuedAt: 482 };
const IN_BLOCK = { at: 0, parts: 21, continuedAt: 504 };
const REAL_SIZE_AT = 483;

/** The map in an old GNU header. */
export const headerParts = (block: Buffer): SparsePart[] => partsOf(block, IN_HEADER);
/** The map in a block that continues it. */
export const blockParts = (block: Buffer): SparsePart[] => partsOf(block, IN_BLOCK);
export const isHeaderContinued = (block: Buffer): boolean => block[IN_HEADER.continuedAt] === 1;
export const isBlockContinued = (block: Buffer): boolean => block[IN_BLOCK.continuedAt] === 1;
/** The size of the file with its holes. */
export const realSizeOf = (block: Buffer): number | undefined =>
  numberOf(block.subarray(REAL_SIZE_AT, REAL_SIZE_AT + FIELD_BYTES));

function partsOf(block: Buffer, { at, parts }: typeof IN_HEADER): SparsePart[] {
  const found: SparsePart[] = [];
  for (let start = at; start < at + parts * PART_BYTES && block[start] !== 0; start += PART_BYTES) {
    const offset = numberOf(block.subarray(start, start + FIELD_BYTES)) ?? Number.NaN;
    const bytes = numberOf(block.subarray(start + FIELD_BYTES, start + PART_BYTES)) ?? Number.NaN;
    found.push({ offset, bytes });
  }
  return found;
}

/** What a pax header says of a sparse file. */
export interface PaxSparse {
  /** The file's own path: the header has one for programs that do not know the format. */
  readonly path?: string;
  readonly size?: number;
  /** Absent: the map is before the content. */
  readonly parts?: readonly SparsePart[];
  /** A version of the format that is not known. */
  readonly unknownVersion?: string;
}

/** Undefined: the file is not sparse. */
export function paxSparse(records: PaxRecords): PaxSparse | undefined {
  if (!records.some(([key]) => key.startsWith('GNU.sparse.'))) return undefined;
  const path = paxValue(records, 'GNU.sparse.name');
  const size = paxNumber(records, 'GNU.sparse.realsize', 'GNU.sparse.size');
  const major = paxValue(records, 'GNU.sparse.major');
  const version = `${major}.${paxValue(records, 'GNU.sparse.minor')}`;
  const of = { ...(path !== undefined && { path }), ...(size !== undefined && { size }) };
  if (major === undefined) return { ...of, parts: listedParts(records) };
  return version === '1.0' ? of : { ...of, unknownVersion: version };
}

function listedParts(records: PaxRecords): SparsePart[] {
  const list = paxValue(records, 'GNU.sparse.map');
  const pairs = records.flatMap(([key, value]) => (/^GNU\.sparse\.(offset|numbytes)$/.test(key) ? [value] : []));
  return pairParts((list?.split(',') ?? pairs).map(Number));
}

function pairParts(numbers: readonly number[]): SparsePart[] {
  const parts: SparsePart[] = [];
  for (let at = 0; at < numbers.length; at += 2) {
    parts.push({ offset: numbers[at] ?? Number.NaN, bytes: numbers[at + 1] ?? Number.NaN });
  }
  return parts;
}

/** The map before the content, in whole blocks: the number of parts, their offsets and sizes, one number per line. */
export class ContentMap {
  readonly #numbers: number[] = [];
  #rest = '';
  #blocks = 0;
  #isDamaged = false;

  /** Bytes that the map fills. */
  get bytes(): number {
    return this.#blocks * BLOCK_BYTES;
  }

  /** Also of a map that is no list of numbers, which fits no file. */
  get isWhole(): boolean {
    const [count] = this.#numbers;
    return this.#isDamaged || (count !== undefined && this.#numbers.length > count * 2);
  }

  get isTooLarge(): boolean {
    return this.bytes > MAX_MAP_BYTES;
  }

  get parts(): SparsePart[] {
    const [count = 0] = this.#numbers;
    return this.#isDamaged ? [DAMAGED_PART] : pairParts(this.#numbers.slice(1, 1 + count * 2));
  }

  add(block: Buffer): void {
    this.#blocks += 1;
    const lines = (this.#rest + block.toString('latin1')).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#numbers.push(Number(line));
    // Without this, a line that never ends would be read again with each block.
    this.#isDamaged = !this.isWhole && [...lines, this.#rest].some((line) => !DIGITS.test(line));
  }
}

/** Whether the parts are in order, within the file, and as many bytes as are stored. */
export function isMapOf(parts: readonly SparsePart[], size: number, storedBytes: number): boolean {
  let end = 0;
  let sum = 0;
  for (const { offset, bytes } of parts) {
    if (!(offset >= end && bytes >= 0)) return false;
    end = offset + bytes;
    sum += bytes;
  }
  return end <= size && sum === storedBytes;
}
