/** Collects a stream whose length is bounded. Throws the error of `tooLarge` beyond `maxBytes`. */
export async function readAll(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  maxBytes: number,
  tooLarge: () => Error,
): Promise<Buffer> {
  const read: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw tooLarge();
    read.push(chunk);
  }
  return Buffer.concat(read);
}
