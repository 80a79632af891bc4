import { Parser } from 'tar/parse';
import type { ReadEntry } from 'tar/read-entry';
import { printableText } from './printable.ts';

const HEADER_BYTES = 512;
/** Longest pax header that is accepted, in bytes: a path has 4,096 at most. */
const MAX_PAX_HEADER_BYTES = 64 * 1024;

/** The entries of a tar, as its bytes arrive. Nothing but one header is kept in memory. */
export class TarEntries {
  count = 0;
  problem: string | undefined;
  #hasBegun = false;
  /** Nothing more can be learned: the tar has ended, or the parser does not understand what follows. */
  #isOver = false;
  #first: Buffer = Buffer.alloc(0);
  readonly #parser: Parser;

  constructor() {
    const see = (entry: ReadEntry) => {
      if (!this.#isOver && !entry.meta) {
        this.count += 1;
        this.problem ??= problemOf(entry);
        // A sparse file in GNU's own format has headers of its own, which the parser mistakes for the next entry.
        if (entry.type === 'SparseFile') this.#isOver = true;
      }
      entry.resume();
    };
    this.#parser = new Parser({ strict: true, maxMetaEntrySize: MAX_PAX_HEADER_BYTES, onReadEntry: see });
    this.#parser.on('ignoredEntry', see);
    // The parser would buffer everything that follows.
    this.#parser.on('eof', () => {
      this.#isOver = true;
    });
    this.#parser.on('error', (error: Error) => this.#fail(error));
  }

  /** Never throws. */
  write(chunk: Buffer): void {
    if (this.#isOver || this.problem !== undefined) return;
    if (this.#hasBegun) {
      this.#parse(chunk);
      return;
    }
    this.#first = Buffer.concat([this.#first, chunk]);
    if (this.#first.length >= HEADER_BYTES) this.#begin();
  }

  /** Call it once, after the last byte. */
  end(): void {
    if (this.problem !== undefined) return;
    if (!this.#hasBegun) this.#begin();
    if (this.#hasBegun && !this.#isOver) this.#guard(() => this.#parser.end());
    if (this.count === 0) this.problem ??= 'contains no files.';
  }

  /** Checks the first header, because the parser would take compressed bytes for a compressed tar. */
  #begin(): void {
    const header = this.#first.subarray(0, HEADER_BYTES);
    if (header.length === HEADER_BYTES && header.every((byte) => byte === 0)) this.problem = 'contains no files.';
    else if (!isHeader(header)) this.problem = 'is gzip, but its content is not a tar: the first header is invalid.';
    if (this.problem !== undefined) return;
    this.#hasBegun = true;
    this.#parse(this.#first);
    this.#first = Buffer.alloc(0);
  }

  /** Entries are skipped, so the parser's buffer never fills up. */
  #parse(chunk: Buffer): void {
    this.#guard(() => this.#parser.write(chunk));
  }

  /** The parser throws what it does not expect at all. */
  #guard(step: () => unknown): void {
    try {
      step();
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #fail({ message }: Error): void {
    if (!this.#isOver) this.problem ??= `is gzip, but its content is not a valid tar (${message}).`;
  }
}

/** Whether the block is a tar header: its checksum matches. */
export function isHeader(header: Buffer): boolean {
  if (header.length < HEADER_BYTES) return false;
  const declared = Number.parseInt(header.toString('latin1', 148, 156).replaceAll('\0', ' ').trim(), 8);
  return declared === header.reduce((sum, byte, index) => sum + (index >= 148 && index < 156 ? 32 : byte), 0);
}

function problemOf(entry: ReadEntry): string | undefined {
  const name = printableText(entry.path);
  if (leads(entry.path)) return `has the entry "${name}", which is outside the archive's folder.`;
  const { type, linkpath = '' } = entry;
  if (type === 'CharacterDevice' || type === 'BlockDevice' || type === 'FIFO') {
    return `has the entry "${name}", which is neither a file nor a folder (${type}).`;
  }
  const from = type === 'SymbolicLink' ? entry.path.split('/').slice(0, -1).join('/') : '';
  if (
    (type === 'SymbolicLink' || type === 'Link') &&
    (linkpath.startsWith('/') || leads(`${from}/${linkpath}`.replace(/^\//, '')))
  ) {
    return `has the entry "${name}", a link to "${printableText(linkpath)}", which is outside the archive's folder.`;
  }
  return undefined;
}

/** Whether a path leads out of its folder. */
function leads(path: string): boolean {
  if (path.startsWith('/')) return true;
  let depth = 0;
  for (const name of path.split('/')) {
    if (name === '..') depth -= 1;
    else if (name !== '' && name !== '.') depth += 1;
    if (depth < 0) return true;
  }
  return false;
}
