/** Blocks that are kept for later. New memory costs more than a read into known memory. */
const MAX_FREE_BLOCKS = 32;

/** Memory of one size that is used again. What is not given back, the garbage collector finds in time. */
class BlockPool {
  readonly blockBytes: number;
  readonly #allocate: (bytes: number) => Buffer;
  readonly #free: Buffer[] = [];

  constructor(blockBytes: number, allocate: (bytes: number) => Buffer) {
    this.blockBytes = blockBytes;
    this.#allocate = allocate;
  }

  take(): Buffer {
    return this.#free.pop() ?? this.#allocate(this.blockBytes);
  }

  /** Takes back the block that a chunk is a part of, if it is. */
  give({ buffer }: Uint8Array): void {
    if (buffer.byteLength === this.blockBytes && this.#free.length < MAX_FREE_BLOCKS) {
      this.#free.push(Buffer.from(buffer));
    }
  }
}

/** For writes: memory that another thread can read. Chunks from the network have 64 KiB, and each trip costs. */
export const writeBlocks = new BlockPool(256 * 1024, (bytes) => Buffer.from(new SharedArrayBuffer(bytes)));

/** For reads, which no other thread digests meanwhile: larger ones are sent with fewer calls. */
export const readBlocks = new BlockPool(512 * 1024, (bytes) => Buffer.allocUnsafeSlow(bytes));
