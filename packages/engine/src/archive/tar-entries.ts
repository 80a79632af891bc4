import type { ArchiveEntry } from './archive-entry.ts';
import type { Findings } from './findings.ts';
import { startsLike } from './starts-like.ts';
import { type BytesNeeded, type EntrySink, TarProblem, tarBlocks } from './tar-blocks.ts';
import { BLOCK_BYTES, isHeader, isZeroBlock } from './tar-header.ts';

/** The entries of a tar, as its bytes arrive. Nothing but headers is kept in memory, at most about 1 MiB. */
export class TarEntries {
  count = 0;
  problem: string | undefined;
  /** The mark of the end was read. */
  isWhole = false;
  #files = 0;
  /** The beginning, until it is enough to see whether it is a tar. */
  #head: Buffer | undefined = Buffer.alloc(0);
  readonly #findings: Findings;
  readonly #blocks: Generator<BytesNeeded, void, Buffer>;
  #need: BytesNeeded = { bytes: 0 };
  /** Bytes of the need that are there, or were passed on. */
  #done = 0;
  #pieces: Buffer[] = [];

  constructor(findings: Findings, sink?: EntrySink) {
    this.#findings = findings;
    this.#blocks = tarBlocks(
      {
        entry: (entry) => {
          this.#see(entry);
          sink?.entry(entry);
        },
        content: (bytes, offset) => sink?.content(bytes, offset),
      },
      findings,
    );
  }

  /** Never throws. */
  write(chunk: Buffer): void {
    if (this.isWhole || this.problem !== undefined) return;
    if (!this.#head) {
      this.#read(chunk);
      return;
    }
    this.#head = Buffer.concat([this.#head, chunk]);
    if (this.#head.length >= BLOCK_BYTES) this.#begin(this.#head);
  }

  /** Call it once, after the last byte. */
  end(): void {
    if (this.#head) this.#begin(this.#head);
    if (this.problem !== undefined) return;
    if (!this.isWhole) this.#endEarly();
    if (this.problem === undefined && this.#files === 0) this.problem = 'contains no files.';
  }

  #see({ kind }: ArchiveEntry): void {
    this.count += 1;
    if (kind !== 'folder' && kind !== 'label') this.#files += 1;
  }

  #begin(head: Buffer): void {
    this.#head = undefined;
    const first = head.subarray(0, BLOCK_BYTES);
    const isEmpty = first.length === BLOCK_BYTES && isZeroBlock(first);
    if (isEmpty) this.problem = 'contains no files.';
    else if (!isHeader(first)) {
      this.problem = `is gzip, but its content is not a tar: it starts like ${startsLike(head)}.`;
    }
    if (this.problem !== undefined) return;
    this.#guard(() => this.#ask(Buffer.alloc(0)));
    this.#read(head);
  }

  #read(chunk: Buffer): void {
    this.#guard(() => {
      for (let at = 0; at < chunk.length && !this.isWhole; ) {
        const taken = chunk.subarray(at, at + this.#need.bytes - this.#done);
        at += taken.length;
        this.#take(taken);
      }
    });
  }

  #take(bytes: Buffer): void {
    const { pass } = this.#need;
    if (pass) pass(bytes, this.#done);
    else this.#pieces.push(bytes);
    this.#done += bytes.length;
    if (this.#done < this.#need.bytes) return;
    const [first = Buffer.alloc(0)] = this.#pieces;
    this.#ask(this.#pieces.length > 1 ? Buffer.concat(this.#pieces) : first);
  }

  #ask(answer: Buffer): void {
    this.#pieces = [];
    this.#done = 0;
    const { done, value } = this.#blocks.next(answer);
    if (done) this.isWhole = true;
    else this.#need = value;
  }

  #endEarly(): void {
    const { isOptional, pass } = this.#need;
    if (isOptional && (pass || this.#done === 0)) {
      this.#findings.add('end', () => 'has no mark at the end of its tar, so something may be missing.');
    } else this.problem = 'is gzip, but its content is not a valid tar: it ends too early.';
  }

  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      if (!(error instanceof TarProblem)) throw error;
      this.problem = error.message;
    }
  }
}
