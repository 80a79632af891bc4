import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { pipeline, Readable, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type ReadEntry, Unpack } from 'tar';
import { ArchiveRefused } from './archive-refused.ts';
import { type ArchiveLimits, DEFAULT_ARCHIVE_LIMITS } from './limits.ts';
import { Members, memberPath, printable } from './member-path.ts';

const CHUNK_BYTES = 1024 * 1024;

const PACK_COMMAND = 'tar -czf model.tar.gz -C <folder> .';

export interface UnpackOptions {
  readonly limits?: Partial<ArchiveLimits>;
  /** Aborts the unpacking, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Result of unpacking. */
export interface Unpacked {
  readonly entries: number;
  /** After decompression. */
  readonly bytes: number;
}

/**
 * Unpacks a `model.tar.gz` into `folder`, which must not exist yet. Creates only plain files and folders, all below
 * `folder`, without the archive's owners, times and special mode bits. Throws ArchiveRefused for an archive with
 * anything else, a damaged archive, or one above a limit; rethrows an error of `archive` itself. It then removes the
 * folder.
 */
export async function unpackArchive(
  archive: AsyncIterable<Uint8Array>,
  folder: string,
  options: UnpackOptions = {},
): Promise<Unpacked> {
  const limits = { ...DEFAULT_ARCHIVE_LIMITS, ...options.limits };
  await mkdir(folder, { recursive: false });
  try {
    return await extract(archive, folder, limits, options.signal);
  } catch (error) {
    // A pending write can still finish while the folder is being emptied, hence the retries.
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    throw error;
  }
}

async function extract(
  archive: AsyncIterable<Uint8Array>,
  folder: string,
  limits: ArchiveLimits,
  signal: AbortSignal | undefined,
): Promise<Unpacked> {
  const sizes = { packedBytes: 0, unpackedBytes: 0 };
  const target = new CheckedUnpack(folder, limits);
  const source = new CountedSource(archive, sizes);
  const stream = pipeline(
    Readable.from(source, { objectMode: false }),
    createGunzip({ chunkSize: CHUNK_BYTES }),
    sizeLimit(sizes, limits),
    () => undefined,
  );
  const abort = () => stream.destroy(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();
  try {
    await target.writeAll(stream);
  } catch (error) {
    target.abort(error);
    stream.destroy();
    if (source.error !== undefined) throw source.error;
    if (signal?.aborted) throw signal.reason;
    throw asRefusal(error);
  } finally {
    signal?.removeEventListener('abort', abort);
  }
  if (target.entries === 0) {
    throw new ArchiveRefused('not-tar', `The archive has no entries. Pack the model: ${PACK_COMMAND}`);
  }
  return { entries: target.entries, bytes: sizes.unpackedBytes };
}

interface Sizes {
  packedBytes: number;
  unpackedBytes: number;
}

/** Counts the bytes of an archive and keeps its error, which is not the archive's fault. */
class CountedSource implements AsyncIterable<Uint8Array> {
  readonly #archive: AsyncIterable<Uint8Array>;
  readonly #sizes: Sizes;
  error: unknown;

  constructor(archive: AsyncIterable<Uint8Array>, sizes: Sizes) {
    this.#archive = archive;
    this.#sizes = sizes;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of this.#archive) {
        this.#sizes.packedBytes += chunk.byteLength;
        yield chunk;
      }
    } catch (error) {
      this.error = error;
      throw error;
    }
  }
}

/** Fails once the unpacked bytes exceed a limit. */
function sizeLimit(sizes: Sizes, limits: ArchiveLimits): Transform {
  return new Transform({
    highWaterMark: CHUNK_BYTES,
    transform(chunk: Buffer, _encoding, done) {
      sizes.unpackedBytes += chunk.length;
      done(exceeded(sizes, limits), chunk);
    },
  });
}

/** Writes a tar stream to a folder; fails with the first entry that is refused. */
class CheckedUnpack {
  readonly #unpack: Unpack;
  readonly #failure = Promise.withResolvers<never>();
  #refusal: unknown;
  entries = 0;

  constructor(folder: string, limits: ArchiveLimits) {
    const members = new Members(limits);
    this.#unpack = new Unpack({
      cwd: folder,
      strict: true,
      preserveOwner: false,
      noMtime: true,
      // memberPath checks the depth, with its own message.
      maxDepth: Number.POSITIVE_INFINITY,
      filter: (_path, entry) => this.#accept(() => inspect(entry as ReadEntry, limits, members)),
    });
    // Without this, the parser would skip entries of an unknown type silently.
    this.#unpack.on('ignoredEntry', (entry: ReadEntry) => this.#accept(() => refuseKind(entry)));
    this.#unpack.on('error', (error: Error) => this.#failure.reject(asRefusal(error)));
    this.#failure.promise.catch(() => undefined);
  }

  async writeAll(stream: AsyncIterable<Buffer>): Promise<void> {
    await Promise.race([this.#feed(stream), this.#failure.promise]);
    if (this.#refusal !== undefined) throw this.#refusal;
  }

  abort(cause: unknown): void {
    this.#unpack.abort(cause instanceof Error ? cause : new Error(String(cause)));
  }

  async #feed(stream: AsyncIterable<Buffer>): Promise<void> {
    const finished = once(this.#unpack, 'end');
    finished.catch(() => undefined);
    for await (const chunk of stream) {
      if (this.#refusal !== undefined) return;
      if (!this.#unpack.write(chunk)) await once(this.#unpack, 'drain');
    }
    if (this.#refusal !== undefined) return;
    this.#unpack.end();
    await finished;
  }

  #accept(check: () => void): boolean {
    if (this.#refusal !== undefined) return false;
    try {
      check();
      this.entries++;
      return true;
    } catch (error) {
      this.#refusal = error;
      this.#failure.reject(error);
      return false;
    }
  }
}

/** Throws ArchiveRefused for anything but a plain file or folder at a path of its own. */
function inspect(entry: ReadEntry, limits: ArchiveLimits, members: Members): void {
  refuseKind(entry);
  const directory = entry.type === 'Directory' || entry.type === 'GNUDumpDir';
  const path = memberPath(entry.header.path ?? entry.path, limits);
  const mode = entry.mode ?? 0;
  if (mode & 0o6000) {
    throw new ArchiveRefused(
      'setuid',
      `Entry "${printable(path)}" has the setuid or setgid bit. Remove it: chmod -R ug-s <folder>`,
      printable(path),
    );
  }
  if (entry.size > limits.maxBytes) throw tooLarge(limits);
  members.add(path, directory ? 'directory' : 'file');
  entry.mode = directory || mode & 0o100 ? 0o755 : 0o644;
}

function refuseKind(entry: ReadEntry): void {
  const shown = printable(entry.path);
  switch (entry.type) {
    case 'File':
    case 'OldFile':
    case 'ContiguousFile':
    case 'Directory':
    case 'GNUDumpDir':
      return;
    case 'Link':
    case 'SymbolicLink': {
      const kind = entry.type === 'Link' ? 'hard' : 'symbolic';
      throw new ArchiveRefused(
        'link',
        `Entry "${shown}" is a ${kind} link to "${printable(entry.linkpath ?? '')}". ` +
          'SageMaker does not accept links. Pack the files themselves: tar --dereference --hard-dereference.',
        shown,
      );
    }
    default:
      throw new ArchiveRefused(
        'special-file',
        `Entry "${shown}" is of type ${entry.type}. An archive can contain only plain files and folders.`,
        shown,
      );
  }
}

function exceeded({ packedBytes, unpackedBytes }: Sizes, limits: ArchiveLimits): ArchiveRefused | null {
  if (unpackedBytes > limits.maxBytes) return tooLarge(limits);
  if (unpackedBytes > limits.ratioFloorBytes && unpackedBytes > packedBytes * limits.maxRatio) {
    return new ArchiveRefused(
      'compression-ratio',
      `The archive expands to more than ${limits.maxRatio} times its size, like a decompression bomb.`,
    );
  }
  return null;
}

const tooLarge = (limits: ArchiveLimits): ArchiveRefused =>
  new ArchiveRefused('too-large', `The archive contains more than ${limits.maxBytes} bytes. Make the model smaller.`);

/** Explains errors of zlib and tar to the author of the archive. */
function asRefusal(error: unknown): unknown {
  // Errors of the disk are not the archive's fault.
  if (error instanceof ArchiveRefused || !(error instanceof Error) || 'syscall' in error) return error;
  const { code, message } = error as Error & { code?: string };
  if (code === 'Z_BUF_ERROR' || /truncated/i.test(message)) {
    return new ArchiveRefused('truncated', 'The archive ends too early. Upload it again.', undefined, error);
  }
  if (code?.startsWith('Z_')) {
    return new ArchiveRefused(
      'not-gzip',
      `The object is not a valid gzip file (${message}). Create it with: ${PACK_COMMAND}`,
      undefined,
      error,
    );
  }
  return new ArchiveRefused(
    'not-tar',
    `The object is not a valid tar archive (${message}). Create it with: ${PACK_COMMAND}`,
    undefined,
    error,
  );
}
