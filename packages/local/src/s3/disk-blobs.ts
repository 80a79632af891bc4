import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobStore } from '#simulator/s3/blob-store';
import { blockWriter } from './block-writer.ts';
import { readBlocks } from './blocks.ts';

const BLOB_NAME = /^[0-9a-f-]{36}\.blob$/;

/**
 * Blobs as files. The folder belongs to this store alone: it is created if it is missing. Blobs that an earlier process
 * left in it stay until `keepOnly`. `defer` takes each deletion and calls it when no saved state needs the blob.
 * @default at once
 */
export function diskBlobs(folder: string, defer?: (deleteBlob: () => void) => void): Required<BlobStore> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return {
    keepOnly(blobs) {
      for (const name of readdirSync(folder)) {
        if (BLOB_NAME.test(name) && !blobs.has(name)) rmSync(join(folder, name), { force: true });
      }
    },
    async create(algorithms) {
      const blob = `${randomUUID()}.blob`;
      const path = join(folder, blob);
      const file = await open(path, 'wx', 0o600);
      const blocks = blockWriter(file, algorithms);
      return {
        ...blocks,
        commit: async () => {
          await file.close();
          return blob;
        },
        abort: async () => {
          await blocks.abort();
          await file.close().catch(() => undefined);
          await rm(path, { force: true }).catch(() => undefined);
        },
      };
    },
    read: (blob, start, length) => chunksOf(join(folder, blob), start, length),
    async delete(blob) {
      const path = join(folder, blob);
      if (defer) defer(() => rmSync(path, { force: true }));
      else await rm(path, { force: true }).catch(() => undefined);
    },
  };
}

async function* chunksOf(path: string, start: number, length: number): AsyncGenerator<Uint8Array> {
  const file = await open(path, 'r');
  try {
    for (let at = start, left = length; left > 0; ) {
      // A small object would hold a whole block.
      const buffer = left < readBlocks.blockBytes / 4 ? Buffer.allocUnsafeSlow(left) : readBlocks.take();
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, left), at);
      if (bytesRead === 0) throw new Error(`Blob ${path} ends at byte ${at}`);
      yield bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead);
      at += bytesRead;
      left -= bytesRead;
    }
  } finally {
    await file.close();
  }
}
