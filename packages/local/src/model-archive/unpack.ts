import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { pipeline, Readable, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type ReadEntry, Unpack } from 'tar';
import { ArchiveRefused } from './archive-refused.ts';
import { type ArchiveLimits, DEFAULT_ARCHIVE_LIMITS } from './limits.ts';
import { Members, memberPath, printable } from './member-path.ts';

const CHUNK_BYTES = 1024 * 1024;

export interface UnpackOptions {
  readonly limits?: Partial<ArchiveLimits>;
  /** Ends the unpacking; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What was unpacked. */
export interface Unpacked {
  readonly entries: number;
  /** After decompression. */
  readonly bytes: number;
}

/**
 * Unpacks a `model.tar.gz` into `folder`, which must not exist yet. Only plain files and folders come out of it, all below `folder`;
 * owners, times and special mode bits do not. Throws ArchiveRefused for an archive that holds anything else, is damaged or exceeds a
 * limit, and passes on an error of `archive` itself; the folder is gone then.
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
    // A write that was under way can still finish while the folder is being emptied.
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
  let packed = 0;
  let bytes = 0;
  let entries = 0;
  let sourceError: unknown;
  const members = new Members(limits);

  const unpack = new Unpack({
    cwd: folder,
    strict: true,
    preserveOwner: false,
    noMtime: true,
    // Limits of our own apply, with messages of our own.
    maxDepth: Number.POSITIVE_INFINITY,
    filter: (_path, entry) => accept(() => inspect(entry as ReadEntry, limits, members)),
  });
  // Not only what the filter refused: kinds that the parser does not know are skipped without a word otherwise.
  unpack.on('ignoredEntry', (entry: ReadEntry) => accept(() => refuseKind(entry)));
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  unpack.on('error', (error: Error) => fail(asRefusal(error)));
  let refused: unknown;
  const accept = (check: () => void): boolean => {
    if (refused !== undefined) return false;
    try {
      check();
      entries++;
      return true;
    } catch (error) {
      refused = error;
      fail(error);
      return false;
    }
  };

  const source = async function* () {
    try {
      for await (const chunk of archive) {
        packed += chunk.byteLength;
        yield chunk;
      }
    } catch (error) {
      sourceError = error;
      throw error;
    }
  };
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  const bounded = new Transform({
    highWaterMark: CHUNK_BYTES,
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done(exceeded(bytes, packed, limits), chunk);
    },
  });
  const stream = pipeline(Readable.from(source(), { objectMode: false }), gunzip, bounded, () => undefined);
  const abort = () => stream.destroy(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();

  const feed = async () => {
    const finished = once(unpack, 'end');
    finished.catch(() => undefined);
    for await (const chunk of stream) {
      if (refused !== undefined) break;
      if (!unpack.write(chunk)) await once(unpack, 'drain');
    }
    if (refused !== undefined) return;
    unpack.end();
    await finished;
  };
  try {
    await Promise.race([feed(), failed]);
    if (refused !== undefined) throw refused;
  } catch (error) {
    unpack.abort(error instanceof Error ? error : new Error(String(error)));
    stream.destroy();
    if (sourceError !== undefined) throw sourceError;
    if (signal?.aborted) throw signal.reason;
    throw asRefusal(error);
  } finally {
    signal?.removeEventListener('abort', abort);
  }
  if (entries === 0) {
    throw new ArchiveRefused(
      'not-tar',
      'The archive holds no entry. Pack the model: tar -czf model.tar.gz -C <folder> .',
    );
  }
  return { entries, bytes };
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
      `Entry "${printable(path)}" has the setuid or setgid bit. Take it away: chmod -R ug-s <folder>`,
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
        `Entry "${shown}" is a ${kind} link to "${printable(entry.linkpath ?? '')}". SageMaker wants no links: pack the files themselves, tar --dereference --hard-dereference.`,
        shown,
      );
    }
    default:
      throw new ArchiveRefused(
        'special-file',
        `Entry "${shown}" is of the kind ${entry.type}. Only plain files and folders may be in it.`,
        shown,
      );
  }
}

function exceeded(bytes: number, packed: number, limits: ArchiveLimits): ArchiveRefused | null {
  if (bytes > limits.maxBytes) return tooLarge(limits);
  if (bytes > limits.ratioFloorBytes && bytes > packed * limits.maxRatio) {
    return new ArchiveRefused(
      'compression-ratio',
      `The archive grows to more than ${limits.maxRatio} times its size, as only a decompression bomb does.`,
    );
  }
  return null;
}

const tooLarge = (limits: ArchiveLimits): ArchiveRefused =>
  new ArchiveRefused('too-large', `The archive holds more than ${limits.maxBytes} bytes. Make the model smaller.`);

/** The words of zlib and tar are not much help to whoever made the archive. */
function asRefusal(error: unknown): unknown {
  // The disk's errors are not the archive's fault.
  if (error instanceof ArchiveRefused || !(error instanceof Error) || 'syscall' in error) return error;
  const { code, message } = error as Error & { code?: string };
  if (code === 'Z_BUF_ERROR' || /truncated/i.test(message)) {
    return new ArchiveRefused('truncated', 'The archive ends too early. Upload it again.', undefined, error);
  }
  if (code?.startsWith('Z_')) {
    return new ArchiveRefused(
      'not-gzip',
      `The object is not a valid gzip file (${message}). Make it with: tar -czf model.tar.gz -C <folder> .`,
      undefined,
      error,
    );
  }
  return new ArchiveRefused(
    'not-tar',
    `The object is not a valid tar archive (${message}). Make it with: tar -czf model.tar.gz -C <folder> .`,
    undefined,
    error,
  );
}
