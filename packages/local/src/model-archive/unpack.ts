import { mkdir, rm } from 'node:fs/promises';
import { checkArchive } from '#archive/check-archive';
import { FolderWriter } from './folder-writer.ts';
import { type ArchiveLimits, ArchiveRefused, DEFAULT_ARCHIVE_LIMITS } from './limits.ts';

export interface UnpackOptions {
  /** For messages. @default 'The archive' */
  readonly uri?: string;
  readonly limits?: Partial<ArchiveLimits>;
  /** Aborts the unpacking, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Result of unpacking. */
export interface Unpacked {
  readonly entries: number;
  /** Of all files. */
  readonly bytes: number;
  /** What is unusual about the archive. */
  readonly warnings: readonly string[];
}

/**
 * Unpacks a `model.tar.gz` into `folder`, which must not exist yet. Creates only files, folders and links, all below
 * `folder`, without the archive's owners, times and special mode bits. Throws ArchiveRefused for an archive that the
 * check before a swap refuses when it reads all of it, or one above a limit; rethrows an error of `archive` itself. It
 * then removes the folder.
 */
export async function unpackArchive(
  archive: AsyncIterable<Uint8Array>,
  folder: string,
  { uri = 'The archive', limits, signal }: UnpackOptions = {},
): Promise<Unpacked> {
  await mkdir(folder, { recursive: false });
  const writer = new FolderWriter(folder, { ...DEFAULT_ARCHIVE_LIMITS, ...limits });
  try {
    const verdict = await checkArchive(signal ? untilAborted(archive, signal) : archive, { uri }, writer);
    if (verdict.kind === 'refused') throw new ArchiveRefused(verdict.message);
    await writer.finish();
    return { entries: verdict.entries, bytes: writer.bytes, warnings: verdict.warnings };
  } catch (error) {
    await writer.close();
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Throws the signal's reason, also while it waits for the next chunk. */
async function* untilAborted(
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => undefined);
  signal.addEventListener('abort', () => aborted.reject(signal.reason), { once: true });
  const chunks = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await Promise.race([chunks.next(), aborted.promise]);
      if (done) return;
      yield value;
    }
  } finally {
    // It may wait for a chunk that never comes.
    void chunks.return?.()?.then(undefined, () => undefined);
  }
}
