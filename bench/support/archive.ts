import { gzipSync } from 'node:zlib';
import { Header } from 'tar';

const TAR_BLOCK_BYTES = 512;

/**
 * A gzipped tar archive, as model data must be, of one small file. Other content makes other bytes, and so another
 * ETag.
 */
export function modelArchive(content: string): Buffer {
  const file = Buffer.from(content);
  const header = Buffer.alloc(TAR_BLOCK_BYTES);
  new Header({ path: 'model.json', mode: 0o644, size: file.length, mtime: new Date(0), type: 'File' }).encode(
    header,
    0,
  );
  const padding = Buffer.alloc((TAR_BLOCK_BYTES - (file.length % TAR_BLOCK_BYTES)) % TAR_BLOCK_BYTES);
  const end = Buffer.alloc(2 * TAR_BLOCK_BYTES);
  return gzipSync(Buffer.concat([header, file, padding, end]));
}
