import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Parser } from 'tar/parse';
import type { ReadEntry } from 'tar/read-entry';

/** What the bytes of an archive say of it. */
export type ArchiveVerdict =
  /** `whole`: read to its end, checksum and every entry. */
  | { readonly kind: 'sound'; readonly whole: boolean; readonly entries: number; readonly bytesRead: number }
  /** No fleet would start with it. */
  | { readonly kind: 'refused'; readonly message: string };

/** What is known of an archive before it is read, and how much of it is. */
export interface CheckOptions {
  /** For the words. */
  readonly uri: string;
  /** Bytes of the whole object. */
  readonly size: number;
  /** Compressed bytes that are read at most. */
  readonly limit: number;
  /** Asked between chunks. */
  readonly isTimeUp: () => boolean;
}

const HEADER_BYTES = 512;
const CHUNK_BYTES = 1024 ** 2;
/** Longest pax header that is taken, in bytes: a path has 4,096 at most. */
const MOST_META_BYTES = 64 * 1024;
const HOW = 'Make it with: tar -czf model.tar.gz -C <folder> .';

/**
 * Reads a model archive from its beginning, as far as it may. `body` is left as soon as nothing more is to be read from it;
 * an error of its own is thrown, everything else is a verdict. Nothing is unpacked, and nothing but one header is kept.
 */
export async function checkArchive(body: AsyncIterable<Uint8Array>, options: CheckOptions): Promise<ArchiveVerdict> {
  const { uri, size } = options;
  if (size === 0) return refused(`${uri} is empty, expected a gzipped tar. ${HOW}`);
  const source = new Source(body, options);
  const entries = new Entries();
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  const input = Readable.from(source.read(), { objectMode: false });
  input.on('error', (error) => gunzip.destroy(error));
  let problem: string | undefined;
  try {
    for await (const chunk of input.pipe(gunzip)) {
      entries.write(chunk as Buffer);
      problem = entries.problem;
      if (problem !== undefined) break;
    }
    if (problem === undefined) entries.end();
    problem ??= entries.problem;
  } catch (error) {
    if (source.error !== undefined) throw source.error;
    const isCut = (error as { code?: string }).code === 'Z_BUF_ERROR' && source.bytesRead < size;
    if (!isCut) problem = gzipProblem(error as Error, source);
  } finally {
    input.destroy();
    gunzip.destroy();
    await source.leave();
  }
  if (problem !== undefined) return refused(`${uri} ${problem} ${HOW}`);
  return { kind: 'sound', whole: source.bytesRead >= size, entries: entries.count, bytesRead: source.bytesRead };
}

function refused(message: string): ArchiveVerdict {
  return { kind: 'refused', message };
}

/** The compressed bytes, as far as they are to be read. */
class Source {
  bytesRead = 0;
  /** What the body threw. */
  error: unknown;
  /** The first bytes. */
  head = Buffer.alloc(0);
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #options: CheckOptions;

  constructor(body: AsyncIterable<Uint8Array>, options: CheckOptions) {
    this.#iterator = body[Symbol.asyncIterator]();
    this.#options = options;
  }

  async *read(): AsyncGenerator<Uint8Array> {
    const { limit, isTimeUp } = this.#options;
    while (this.bytesRead < limit && !isTimeUp()) {
      const { done, value } = await this.#next();
      if (done) return;
      if (this.head.length < 512) this.head = Buffer.concat([this.head, value.subarray(0, 512)]);
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

  async leave(): Promise<void> {
    await this.#iterator.return?.().catch(() => undefined);
  }
}

/** The entries of a tar as it comes. */
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
    this.#parser = new Parser({ strict: true, maxMetaEntrySize: MOST_META_BYTES, onReadEntry: see });
    this.#parser.on('ignoredEntry', see);
    this.#parser.on('error', (error: Error) => {
      this.problem ??= `is gzip, but what is in it is no sound tar (${error.message}).`;
    });
  }

  write(chunk: Buffer): void {
    if (this.#isBegun) {
      // Its entries are passed over, so it is never full.
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

  /** The parser would take compressed bytes for a compressed tar. */
  #begin(): void {
    const header = this.#first.subarray(0, HEADER_BYTES);
    if (header.length === HEADER_BYTES && header.every((byte) => byte === 0)) this.problem = 'holds no file.';
    else if (!isHeader(header)) this.problem = 'is gzip, but what is in it is no tar: its first header is broken.';
    if (this.problem !== undefined) return;
    this.#isBegun = true;
    this.#parser.write(this.#first);
  }
}

/** Whether the checksum in a tar's header is that of the header. */
function isHeader(header: Buffer): boolean {
  if (header.length < HEADER_BYTES) return false;
  const told = Number.parseInt(header.toString('latin1', 148, 156).replaceAll('\0', ' ').trim(), 8);
  return told === header.reduce((sum, byte, index) => sum + (index >= 148 && index < 156 ? 32 : byte), 0);
}

function problemOf(entry: ReadEntry): string | undefined {
  const name = shown(entry.path);
  if (leads(entry.header.path ?? entry.path))
    return `has the entry "${name}", which lies outside the archive's folder.`;
  const { type, linkpath = '' } = entry;
  if (type === 'CharacterDevice' || type === 'BlockDevice' || type === 'FIFO') {
    return `has the entry "${name}", which is neither a file nor a folder (${type}).`;
  }
  const from = type === 'SymbolicLink' ? entry.path.split('/').slice(0, -1).join('/') : '';
  if (
    (type === 'SymbolicLink' || type === 'Link') &&
    (linkpath.startsWith('/') || leads(`${from}/${linkpath}`.replace(/^\//, '')))
  ) {
    return `has the entry "${name}", a link to "${shown(linkpath)}", which lies outside the archive's folder.`;
  }
  return undefined;
}

/** Whether a path leads out of its folder. */
function leads(path: string): boolean {
  if (path.startsWith('/')) return true;
  let depth = 0;
  for (const name of path.split('/')) {
    if (name === '..') depth -= 1;
    else if (name !== '' && name !== '.') depth += 1;
    if (depth < 0) return true;
  }
  return false;
}

function gzipProblem({ code, message }: Error & { code?: string }, { head }: Source): string {
  if (code === 'Z_BUF_ERROR') return 'ends too early. Upload it again.';
  if (head[0] === 0x1f && head[1] === 0x8b) return `is damaged (${message}). Upload it again.`;
  return `is not gzip: it looks like ${kindOf(head)}.`;
}

function kindOf(head: Buffer): string {
  const text = head.toString('latin1').trimStart();
  if (text.startsWith('PK')) return 'a zip file';
  if (isHeader(head.subarray(0, HEADER_BYTES))) return 'a tar without compression';
  if (/^(<\?xml|<!doctype|<html)/i.test(text)) return 'XML or HTML, perhaps an error page';
  if (/^[{[]/.test(text)) return 'JSON';
  return `"${shown(text.slice(0, 20))}"`;
}

function shown(text: string): string {
  const safe = JSON.stringify(text).slice(1, -1);
  return safe.length > 100 ? `${safe.slice(0, 100)}…` : safe;
}
