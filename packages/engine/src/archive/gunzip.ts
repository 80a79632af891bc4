import { crc32, createInflateRaw, type InflateRaw } from 'node:zlib';
import { gzipHeaderBytes, isGzip } from './gzip-header.ts';
import { startsLike } from './starts-like.ts';

const CHUNK_BYTES = 256 * 1024;
/** Enough to recognize what is not gzip, in bytes. */
const HEAD_BYTES = 512;
/** Longest header of a member that is read, in bytes: its names have no limit. */
const MAX_HEADER_BYTES = 256 * 1024;
const TRAILER_BYTES = 8;
const SIZE_MODULO = 2 ** 32;

/**
 * Inflates the gzip around an archive, one piece at a time; the next piece may follow when the last is inflated. It
 * takes members one by one, because Node's own gunzip loses the last bytes of a gzip that something else follows.
 */
export class Gunzip {
  problem: string | undefined;
  /** Nothing more may be written: the gzip has ended or is damaged. */
  isOver = false;
  /** Something that is not gzip follows the gzip, which gzip itself ignores. */
  hasMore = false;
  /** Everything was inflated and taken, and the checksums match. */
  isWhole = false;
  readonly #take: (chunk: Buffer) => void;
  /** The member that is being inflated. */
  #member: Member | undefined;
  #isInTrailer = false;
  #hasMembers = false;
  /** Bytes of a header or trailer that is not complete. */
  #rest: Buffer = Buffer.alloc(0);

  /** `take` receives the inflated bytes and may not throw. */
  constructor(take: (chunk: Buffer) => void) {
    this.#take = take;
  }

  async write(piece: Uint8Array): Promise<void> {
    let bytes: Buffer = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    while (bytes.length > 0 && !this.isOver) {
      if (this.#member && !this.#isInTrailer) bytes = await this.#inflate(this.#member, bytes);
      else {
        bytes = Buffer.concat([this.#rest, bytes]);
        const taken = this.#member ? this.#readTrailer(this.#member, bytes) : this.#readHeader(bytes);
        if (taken === 0) {
          this.#rest = bytes;
          return;
        }
        this.#rest = Buffer.alloc(0);
        bytes = bytes.subarray(taken);
      }
    }
  }

  /** Call it once, after the last byte. */
  end(): void {
    if (this.isOver) return;
    const rest = this.#rest;
    const isBetweenMembers = !this.#member && this.#hasMembers;
    if (isBetweenMembers && rest.length === 0) this.#finish();
    else if (!this.#member && !isGzip(rest)) this.#endBefore(rest);
    else this.#fail('ends too early. Upload it again.');
  }

  close(): void {
    this.#member?.close();
  }

  /** Bytes of the header; 0 while it is not complete. */
  #readHeader(bytes: Buffer): number {
    if (!isGzip(bytes)) {
      // What the message says must not depend on the size of the pieces, nor whether there is another member.
      const isUnclear = this.#hasMembers ? bytes.length < 2 && bytes[0] !== 0 : bytes.length < HEAD_BYTES;
      if (!isUnclear) this.#endBefore(bytes);
      return 0;
    }
    const length = gzipHeaderBytes(bytes);
    if (typeof length === 'number') {
      this.#member = new Member(this.#take);
      return length;
    }
    if (length === 'invalid' || bytes.length > MAX_HEADER_BYTES) {
      this.#fail('is damaged (invalid gzip header). Upload it again.');
    }
    return 0;
  }

  /** What follows is no member of the gzip. Zeros are padding. */
  #endBefore(bytes: Buffer): void {
    if (!this.#hasMembers) {
      this.#fail(`is not gzip: it starts like ${startsLike(bytes)}.`);
      return;
    }
    this.hasMore = bytes[0] !== 0;
    this.#finish();
  }

  async #inflate(member: Member, bytes: Buffer): Promise<Buffer> {
    const rest = await member.write(bytes);
    if (member.error) this.#fail(`is damaged (${member.error.message}). Upload it again.`);
    this.#isInTrailer = member.isOver;
    return rest;
  }

  /** Bytes of the trailer; 0 while it is not complete. */
  #readTrailer(member: Member, bytes: Buffer): number {
    if (bytes.length < TRAILER_BYTES) return 0;
    const isIntact = bytes.readUInt32LE(0) === member.checksum && bytes.readUInt32LE(4) === member.size % SIZE_MODULO;
    if (!isIntact) this.#fail('is damaged (incorrect checksum). Upload it again.');
    member.close();
    this.#member = undefined;
    this.#isInTrailer = false;
    this.#hasMembers = true;
    return TRAILER_BYTES;
  }

  #finish(): void {
    this.isWhole = true;
    this.isOver = true;
  }

  #fail(problem: string): void {
    this.problem = problem;
    this.isOver = true;
  }
}

/** The compressed content of one member. */
class Member {
  checksum = 0;
  size = 0;
  isOver = false;
  error: Error | undefined;
  #wake = () => {};
  readonly #zlib: InflateRaw = createInflateRaw({ chunkSize: CHUNK_BYTES });

  constructor(take: (chunk: Buffer) => void) {
    this.#zlib.on('data', (chunk: Buffer) => {
      this.checksum = crc32(chunk, this.checksum);
      this.size += chunk.length;
      take(chunk);
    });
    this.#zlib.on('end', () => {
      this.isOver = true;
      this.#wake();
    });
    this.#zlib.on('error', (error) => {
      this.error = error;
      this.#wake();
    });
  }

  /** The bytes that follow the content. */
  async write(bytes: Buffer): Promise<Buffer> {
    const before = this.#zlib.bytesWritten;
    await new Promise<void>((resolve) => {
      // zlib may end without calling back.
      this.#wake = resolve;
      this.#zlib.write(bytes, () => resolve());
    });
    // The end is announced after the callback.
    if (this.#zlib.bytesWritten - before < bytes.length && !this.error && !this.isOver) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return bytes.subarray(this.#zlib.bytesWritten - before);
  }

  close(): void {
    this.#zlib.destroy();
  }
}
