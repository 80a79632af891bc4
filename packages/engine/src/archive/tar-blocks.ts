import { type ArchiveEntry, archiveEntryOf, type EntryExtension } from './archive-entry.ts';
import { noteUnusual, problemOf } from './entry-rule.ts';
import type { Findings } from './findings.ts';
import { type PaxRecords, parsePaxRecords, paxNumber, paxValue } from './pax-records.ts';
import { printableText } from './printable.ts';
import {
  blockParts,
  ContentMap,
  headerParts,
  isBlockContinued,
  isHeaderContinued,
  isMapOf,
  MAX_SPARSE_PARTS,
  paxSparse,
  realSizeOf,
  type SparsePart,
} from './sparse.ts';
import { BLOCK_BYTES, isHeader, isZeroBlock, parseHeader, type TarHeader, textOf } from './tar-header.ts';

/** Longest header about the next entry that is read, in bytes: a path has 4,096 at most, a sparse file's map more. */
const MAX_EXTENSION_BYTES = 1024 ** 2;

/** Takes the entries of an archive as they are read. May not throw. */
export interface EntrySink {
  /** The next entry. What `content` gets is its content. */
  entry(entry: ArchiveEntry): void;
  /** A part of the file, and its offset. The next part has a larger one. */
  content(bytes: Buffer, offset: number): void;
}

/** What the reader of a tar asks for. */
export interface BytesNeeded {
  readonly bytes: number;
  /** Takes the bytes as they arrive. Absent: they are answered in one piece. */
  readonly pass?: (bytes: Buffer, offset: number) => void;
  /** The tar may end instead. */
  readonly isOptional?: true;
}

type TarBlocks<T = void> = Generator<BytesNeeded, T, Buffer>;

/** The archive cannot be loaded. The message follows its URI in a sentence. */
export class TarProblem extends Error {}

/** Reads the entries of a tar; the caller answers each request for bytes. Throws TarProblem. */
export function* tarBlocks(sink: EntrySink, findings: Findings): TarBlocks {
  let extension: EntryExtension = {};
  let isFirst = true;
  for (;;) {
    const block = yield { bytes: BLOCK_BYTES, ...(!isFirst && { isOptional: true }) };
    if (isZeroBlock(block)) return;
    if (!isHeader(block)) throw invalid(isFirst ? 'its first header is invalid' : 'a header is invalid');
    isFirst = false;
    const header = parseHeader(block);
    if (EXTENSION_TYPES.includes(header.type)) {
      extension = { ...extension, ...(yield* readExtension(header, findings)) };
    } else {
      yield* readEntry(block, extension, { sink, findings });
      extension = {};
    }
  }
}

const invalid = (reason: string): TarProblem =>
  new TarProblem(`is gzip, but its content is not a valid tar: ${reason}.`);

/** pax, pax for all that follow, long link, long path, and older ones of both. */
const EXTENSION_TYPES = 'xgKLNXA';

/** A header about the next entry. */
function* readExtension({ type, size }: TarHeader, findings: Findings): TarBlocks<EntryExtension> {
  if (size === undefined) throw invalid('a header has no valid size');
  if (size > MAX_EXTENSION_BYTES) {
    findings.add('long header', () => `has a header of ${size} bytes about an entry, which was not read.`);
    yield* skip(paddedSize(size));
    return {};
  }
  const body = (yield { bytes: paddedSize(size) }).subarray(0, size);
  if (type === 'K') return { target: textOf(body) };
  if (type === 'L' || type === 'N') return { path: textOf(body) };
  if (type === 'A') {
    findings.add('type', () => 'has an access control list in the format of Solaris, which was not read.');
    return {};
  }
  const records = parsePaxRecords(body);
  if (!records) {
    findings.add('pax', () => 'has a pax header that could not be read.');
    return {};
  }
  return type === 'g' ? noteGlobal(records, findings) : extensionOf(records);
}

function extensionOf(records: PaxRecords): EntryExtension {
  const path = paxValue(records, 'path');
  const target = paxValue(records, 'linkpath');
  const size = paxNumber(records, 'size');
  const sparse = paxSparse(records);
  return {
    ...(path !== undefined && { path: path.replace(/\0.*/s, '') }),
    ...(target !== undefined && { target: target.replace(/\0.*/s, '') }),
    ...(size !== undefined && { size }),
    ...(sparse && { sparse }),
  };
}

/** Header for all entries that follow: a comment, as git writes it. */
function noteGlobal(records: PaxRecords, findings: Findings): EntryExtension {
  const [key] = records.find(([name]) => /^(path|linkpath|size|GNU\.sparse\..*)$/.test(name)) ?? [];
  if (key !== undefined) {
    findings.add('global', () => `has a pax header that gives all entries the same "${printableText(key)}", ignored.`);
  }
  return {};
}

interface EntryOptions {
  readonly sink: EntrySink;
  readonly findings: Findings;
}

function* readEntry(block: Buffer, extension: EntryExtension, { sink, findings }: EntryOptions): TarBlocks {
  const header = archiveEntryOf(block, extension);
  if (!header) throw invalid('a header has no valid size');
  const { type } = parseHeader(block);
  const entry =
    type === 'S' ? yield* gnuSparse(block, header, findings) : yield* withPaxMap(header, extension, findings);
  const problem = problemOf(entry);
  if (problem !== undefined) throw new TarProblem(problem);
  noteUnusual(entry, type, findings);
  sink.entry(entry);
  const { storedBytes, parts } = entry;
  const place = parts ? placer(parts, sink) : (bytes: Buffer, offset: number) => sink.content(bytes, offset);
  if (storedBytes > 0) yield { bytes: storedBytes, pass: entry.kind === 'file' ? place : ignore };
  const padding = paddedSize(storedBytes) - storedBytes;
  if (padding > 0) yield { bytes: padding, pass: ignore, isOptional: true };
}

/** A sparse file in GNU's own format. */
function* gnuSparse(block: Buffer, entry: ArchiveEntry, findings: Findings): TarBlocks<ArchiveEntry> {
  const parts = headerParts(block);
  let isContinued = isHeaderContinued(block);
  while (isContinued) {
    const next = yield { bytes: BLOCK_BYTES };
    if (parts.length <= MAX_SPARSE_PARTS) parts.push(...blockParts(next));
    isContinued = isBlockContinued(next);
  }
  if (parts.length > MAX_SPARSE_PARTS) return noteUnreadMap(entry, findings);
  return sparseEntry(entry, { parts, size: realSizeOf(block), storedBytes: entry.storedBytes });
}

/** The entry; a sparse one with its map, if the pax header says that it is sparse. */
function* withPaxMap(entry: ArchiveEntry, { sparse }: EntryExtension, findings: Findings): TarBlocks<ArchiveEntry> {
  if (!sparse) return entry;
  const { size, parts, unknownVersion } = sparse;
  if (unknownVersion !== undefined) {
    const path = printableText(entry.path);
    findings.add('sparse', () => `has the sparse file "${path}" in the unknown format ${unknownVersion}.`);
    return entry;
  }
  const { storedBytes } = entry;
  if (parts) return sparseEntry(entry, { parts, size, storedBytes });
  const map = new ContentMap();
  while (!map.isWhole && !map.isTooLarge && map.bytes < storedBytes) map.add(yield { bytes: BLOCK_BYTES });
  const left = { ...entry, storedBytes: storedBytes - map.bytes };
  if (map.isTooLarge) return noteUnreadMap(left, findings);
  return sparseEntry(left, { parts: map.parts, size, storedBytes: left.storedBytes });
}

function noteUnreadMap(entry: ArchiveEntry, findings: Findings): ArchiveEntry {
  findings.add('map', () => `has the sparse file "${printableText(entry.path)}" with too many holes to be read.`);
  return entry;
}

function sparseEntry(
  entry: ArchiveEntry,
  { parts, size, storedBytes }: { parts: readonly SparsePart[]; size: number | undefined; storedBytes: number },
): ArchiveEntry {
  if (size === undefined || !isMapOf(parts, size, storedBytes)) {
    throw invalid(`the map of the sparse file "${printableText(entry.path)}" is wrong`);
  }
  return { ...entry, size, parts };
}

/** Passes on stored bytes with their offsets in the file. */
function placer(parts: readonly SparsePart[], sink: EntrySink): (bytes: Buffer) => void {
  let index = 0;
  let done = 0;
  return (bytes) => {
    for (let at = 0; at < bytes.length; ) {
      const part = parts[index];
      if (!part) return;
      const taken = bytes.subarray(at, at + part.bytes - done);
      if (taken.length > 0) sink.content(taken, part.offset + done);
      at += taken.length;
      done += taken.length;
      if (done < part.bytes) return;
      index += 1;
      done = 0;
    }
  };
}

const paddedSize = (size: number): number => Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;

function ignore(): void {}

function* skip(bytes: number): TarBlocks {
  if (bytes > 0) yield { bytes, pass: ignore };
}
