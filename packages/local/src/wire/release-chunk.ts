/**
 * Frees the memory of a chunk that nobody uses any more. Left to the garbage collector, the chunks of a large transfer
 * cost more time than its checksums, and tens of megabytes. A chunk that shares its memory is left alone.
 */
export function releaseChunk({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) buffer.transfer(0);
}
