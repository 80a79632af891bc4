import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Parser } from 'tar/parse';
import type { ReadEntry } from 'tar/read-entry';

/** The result of checking an archive. */
export type ArchiveVerdict =
  /** `whole`: it was read to its end, with its checksum and every entry. */
  | { readonly kind: 'sound'; readonly whole: boolean; readonly entries: number; readonly bytesRead: number }
  /** No fleet could load it. */
  | { readonly kind: 'refused'; readonly message: string };

/** What is known of an archive before it is read, and how much of it to read. */
export interface ArchiveCheck {
  /** For messages. */
  readonly uri: string;
  /** Bytes of the whole object. */
  readonly size: number;
  /** Compressed bytes to read at most. */
  readonly limit: number;
  /** Called between chunks. */
  readonly isTimeUp: () => boolean;
}

const HEADER_BYTES = 512;
const CHUNK_BYTES = 1024 ** 2;
/** Longest pax header that is accepted, in bytes: a path has 4,096 at most. */
const MAX_PAX_HEADER_BYTES = 64 * 1024;
const MAX_SHOWN_CHARACTERS = 100;
const HOW_TO_CREATE = 'Create it with: tar -czf model.tar.gz -C <folder> .';

/**
 * Reads a model archive from its beginning, up to the limit and while time allows. Errors of `body` are thrown,
 * everything else is a verdict; `body` is closed as soon as no more of it is needed. Nothing is unpacked, and nothing
 * but one header is kept in memory.
 */
export async function checkArchive(body: AsyncIterable<Uint8Array>, options: ArchiveCheck): Promise<ArchiveVerdict> {
  const { uri, size } = options;
  if (size === 0) return refused(`${uri} is empty, expected a gzipped tar. ${HOW_TO_CREATE}`);
  const input = new Compressed(body, options);
  const entries = new Entries();
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  const readable = Readable.from(input.read(), { objectMode: false });
  readable.on('error', (error) => gunzip.destroy(error));
  let problem: string | undefined;
  try {
    for await (const chunk of readable.pipe(gunzip)) {
      entries.write(chunk as Buffer);
      problem = entries.problem;
      if (problem !== undefined) break;
    }
    if (problem === undefined) entries.end();
    problem ??= entries.problem;
  } catch (error) {
    if (input.error !== undefined) throw input.error;
    const isCut = (error as { code?: string }).code === 'Z_BUF_ERROR' && input.bytesRead < size;
    if (!isCut) problem = gzipProblem(error as Error, input);
  } finally {
    readable.destroy();
    gunzip.destroy();
    await input.close();
  }
  if (problem !== undefined) return refused(`${uri} ${problem} ${HOW_TO_CREATE}`);
  return { kind: 'sound', whole: input.bytesRead >= size, entries: entries.count, bytesRead: input.bytesRead };
}

function refused(message: string): ArchiveVerdict {
  return { kind: 'refused', message };
}

/** The compressed bytes, as far as they may be read. */
class Compressed {
  bytesRead = 0;
  /** The error that the body threw. */
  error: unknown;
  /** The first bytes. */
  head = Buffer.alloc(0);
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #options: ArchiveCheck;

  constructor(body: AsyncIterable<Uint8Array>, options: ArchiveCheck) {
    this.#iterator = body[Symbol.asyncIterator]();
    this.#options = options;
  }

  async *read(): AsyncGenerator<Uint8Array> {
    const { limit, isTimeUp } = this.#options;
    while (this.bytesRead < limit && !isTimeUp()) {
      const { done, value } = await this.#next();
      if (done) return;
      if (this.head.length < HEADER_BYTES) this.head = Buffer.concat([this.head, value.subarray(0, HEADER_BYTES)]);
      this.bytesRead += value.byteLength;
      yield value;
    }
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    try {
      return await this.#iterator.next();
    } catch (error) {
      this.error = error;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#iterator.return?.().catch(() => undefined);
  }
}

/** The entries of a tar, as its bytes arrive. */
class Entries {
  count = 0;
  problem: string | undefined;
  #isBegun = false;
  #first: Buffer = Buffer.alloc(0);
  readonly #parser: Parser;

  constructor() {
    const see = (entry: ReadEntry) => {
      this.count += 1;
      this.problem ??= problemOf(entry);
      entry.resume();
    };
    this.#parser = new Parser({ strict: true, maxMetaEntrySize: MAX_PAX_HEADER_BYTES, onReadEntry: see });
    this.#parser.on('ignoredEntry', see);
    this.#parser.on('error', (error: Error) => {
      this.problem ??= `is gzip, but its content is not a valid tar (${error.message}).`;
    });
  }

  write(chunk: Buffer): void {
    if (this.#isBegun) {
      // Entries are skipped, so the parser's buffer never fills up.
      this.#parser.write(chunk);
      return;
    }
    this.#first = Buffer.concat([this.#first, chunk]);
    if (this.#first.length >= HEADER_BYTES) this.#begin();
  }

  end(): void {
    if (!this.#isBegun) this.#begin();
    if (this.problem === undefined) this.#parser.end();
  }

  /** Checks the first header, because the parser would take compressed bytes for a compressed tar. */
  #begin(): void {
    const header = this.#first.subarray(0, HEADER_BYTES);
    if (header.length === HEADER_BYTES && header.every((byte) => byte === 0)) this.problem = 'contains no files.';
    else if (!isHeader(header)) this.problem = 'is gzip, but its content is not a tar: the first header is invalid.';
    if (this.problem !== undefined) return;
    this.#isBegun = true;
    this.#parser.write(this.#first);
  }
}

/** Whether the checksum in a tar's header is that of the header. */
function isHeader(header: Buffer): boolean {
  if (header.length < HEADER_BYTES) return false;
  const declared = Number.parseInt(header.toString('latin1', 148, 156).replaceAll('\0', ' ').trim(), 8);
  return declared === header.reduce((sum, byte, index) => sum + (index >= 148 && index < 156 ? 32 : byte), 0);
}

function problemOf(entry: ReadEntry): string | undefined {
  const { type, linkpath = '' } = entry;
  const name = shown(entry.path);
  if (leavesFolder(entry.header.path ?? entry.path)) {
    return `has the entry "${name}", which is outside the archive's folder.`;
  }
  if (type === 'CharacterDevice' || type === 'BlockDevice' || type === 'FIFO') {
    return `has the entry "${name}", which is neither a file nor a folder (${type}).`;
  }
  if (type !== 'SymbolicLink' && type !== 'Link') return undefined;
  const from = type === 'SymbolicLink' ? entry.path.split('/').slice(0, -1).join('/') : '';
  const isOutside = linkpath.startsWith('/') || leavesFolder(`${from}/${linkpath}`.replace(/^\//, ''));
  if (!isOutside) return undefined;
  return `has the entry "${name}", a link to "${shown(linkpath)}", which is outside the archive's folder.`;
}

/** Whether a path leads out of the archive's folder. */
function leavesFolder(path: string): boolean {
  if (path.startsWith('/')) return true;
  let depth = 0;
  for (const name of path.split('/')) {
    if (name === '..') depth -= 1;
    else if (name !== '' && name !== '.') depth += 1;
    if (depth < 0) return true;
  }
  return false;
}

function gzipProblem({ code, message }: Error & { code?: string }, { head }: Compressed): string {
  if (code === 'Z_BUF_ERROR') return 'ends too early. Upload it again.';
  if (head[0] === 0x1f && head[1] === 0x8b) return `is damaged (${message}). Upload it again.`;
  return `is not gzip: it starts like ${kindOf(head)}.`;
}

function kindOf(head: Buffer): string {
  const text = head.toString('latin1').trimStart();
  if (text.startsWith('PK')) return 'a zip file';
  if (isHeader(head.subarray(0, HEADER_BYTES))) return 'an uncompressed tar';
  if (/^(<\?xml|<!doctype|<html)/i.test(text)) return 'XML or HTML, perhaps an error page';
  if (/^[{[]/.test(text)) return 'JSON';
  return `"${shown(text.slice(0, 20))}"`;
}

function shown(text: string): string {
  const safe = JSON.stringify(text).slice(1, -1);
  return safe.length > MAX_SHOWN_CHARACTERS ? `${safe.slice(0, MAX_SHOWN_CHARACTERS)}…` : safe;
}
