import { createGunzip } from 'node:zlib';
import { printableText } from './printable.ts';
import { isHeader } from './tar-entries.ts';

const CHUNK_BYTES = 1024 ** 2;
/** Enough to recognize a tar, in bytes. */
const HEAD_BYTES = 512;

/** Inflates the gzip around an archive, one piece at a time; the next piece may follow when the last is inflated. */
export class Gunzip {
  problem: string | undefined;
  /** Nothing more may be written: the gzip has ended, or something that is not gzip follows. */
  isOver = false;
  /** Everything was inflated and taken, and the checksums match. */
  isWhole = false;
  #hasBegun = false;
  #head: Buffer = Buffer.alloc(0);
  #wake = () => {};
  readonly #zlib = createGunzip({ chunkSize: CHUNK_BYTES });

  /** `take` receives the inflated bytes and may not throw. */
  constructor(take: (chunk: Buffer) => void) {
    this.#zlib.on('data', take);
    this.#zlib.on('end', () => {
      this.isWhole = true;
      this.#stop();
    });
    this.#zlib.on('error', (error: Error & { code?: string }) => {
      this.problem ??= this.#problemOf(error);
      this.#stop();
    });
  }

  async write(piece: Uint8Array): Promise<void> {
    if (this.#hasBegun) {
      await this.#feed(piece);
      return;
    }
    // The message for something that is not gzip must not depend on the size of the pieces.
    this.#head = Buffer.concat([this.#head, piece]);
    if (this.#head.length >= HEAD_BYTES) await this.#begin();
  }

  /** Call it once, after the last byte. */
  async end(): Promise<void> {
    if (!this.#hasBegun) await this.#begin();
    if (!this.isOver) await this.#feed(undefined);
  }

  close(): void {
    this.#zlib.destroy();
  }

  async #begin(): Promise<void> {
    this.#hasBegun = true;
    await this.#feed(this.#head);
  }

  #feed(piece: Uint8Array | undefined): Promise<void> {
    return new Promise((resolve) => {
      // zlib may end without calling back for the piece.
      this.#wake = resolve;
      if (piece === undefined) this.#zlib.end();
      else this.#zlib.write(piece, () => resolve());
    });
  }

  #stop(): void {
    this.isOver = true;
    this.#wake();
  }

  #problemOf({ code, message }: Error & { code?: string }): string | undefined {
    if (code === 'Z_BUF_ERROR') return 'ends too early. Upload it again.';
    const isGzip = this.#head[0] === 0x1f && this.#head[1] === 0x8b;
    if (!isGzip) return `is not gzip: it starts like ${kindOf(this.#head)}.`;
    // Something that is not gzip follows the gzip: gzip itself ignores it.
    if (message === 'incorrect header check') return undefined;
    return `is damaged (${message}). Upload it again.`;
  }
}

function kindOf(head: Buffer): string {
  const text = head.toString('latin1').trimStart();
  if (text.startsWith('PK')) return 'a zip file';
  if (isHeader(head.subarray(0, 512))) return 'an uncompressed tar';
  if (/^(<\?xml|<!doctype|<html)/i.test(text)) return 'XML or HTML, perhaps an error page';
  if (/^[{[]/.test(text)) return 'JSON';
  return `"${printableText(text.slice(0, 20))}"`;
}
