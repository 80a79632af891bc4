/** Size of a read and of a write. Chunks from the network have 64 KiB, and each trip through the thread pool costs. */
export const BLOB_BLOCK_BYTES = 512 * 1024;

/** Blocks that are kept for later. */
const MAX_FREE_BLOCKS = 64;

const freeBlocks: Buffer[] = [];

/** Memory for a read or a write. It is shared, so that another thread can digest what is written. */
export const takeBlock = (): Buffer => freeBlocks.pop() ?? Buffer.from(new SharedArrayBuffer(BLOB_BLOCK_BYTES));

/** Takes back the block that a chunk is a part of, if it is. New memory costs more than a read into known memory. */
export function giveBlock({ buffer }: Uint8Array): void {
  if (!(buffer instanceof SharedArrayBuffer) || buffer.byteLength !== BLOB_BLOCK_BYTES) return;
  if (freeBlocks.length < MAX_FREE_BLOCKS) freeBlocks.push(Buffer.from(buffer));
}
