/** Size of a read and of a write. Chunks from the network have 64 KiB, and each trip through the thread pool costs. */
export const BLOB_BLOCK_BYTES = 256 * 1024;

/** Blocks of each kind that are kept for later. */
const MAX_FREE_BLOCKS = 32;

const freeShared: Buffer[] = [];
const freeOwn: Buffer[] = [];

/** Memory that another thread can read. */
export const takeSharedBlock = (): Buffer => freeShared.pop() ?? Buffer.from(new SharedArrayBuffer(BLOB_BLOCK_BYTES));

/** Memory that the garbage collector finds in time, if it is not given back. */
export const takeBlock = (): Buffer => freeOwn.pop() ?? Buffer.allocUnsafeSlow(BLOB_BLOCK_BYTES);

/** Takes back the block that a chunk is a part of, if it is. New memory costs more than a read into known memory. */
export function giveBlock({ buffer }: Uint8Array): void {
  const free = buffer instanceof SharedArrayBuffer ? freeShared : freeOwn;
  if (buffer.byteLength === BLOB_BLOCK_BYTES && free.length < MAX_FREE_BLOCKS) free.push(Buffer.from(buffer));
}
