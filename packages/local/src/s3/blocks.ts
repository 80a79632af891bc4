/** Blocks that are kept for later. New memory costs more than a read into known memory. */
const MAX_FREE_BLOCKS = 32;

/** Memory of one size that is used again. What is not given back, the garbage collector finds in time. */
function blockPool(blockBytes: number, allocate: (bytes: number) => Buffer) {
  const free: Buffer[] = [];
  return {
    blockBytes,
    take: (): Buffer => free.pop() ?? allocate(blockBytes),
    /** Takes back the block that a chunk is a part of, if it is. */
    give({ buffer }: Uint8Array): void {
      if (buffer.byteLength === blockBytes && free.length < MAX_FREE_BLOCKS) free.push(Buffer.from(buffer));
    },
  };
}

/** For writes: memory that another thread can read. Chunks from the network have 64 KiB, and each trip costs. */
export const writeBlocks = blockPool(256 * 1024, (bytes) => Buffer.from(new SharedArrayBuffer(bytes)));

/** For reads, which no other thread digests meanwhile: larger ones are sent with fewer calls. */
export const readBlocks = blockPool(512 * 1024, (bytes) => Buffer.allocUnsafeSlow(bytes));
