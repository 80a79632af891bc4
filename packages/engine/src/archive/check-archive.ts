import type { ArchiveEntry } from './archive-entry.ts';
import { Findings } from './findings.ts';
import { Gunzip } from './gunzip.ts';
import { TarEntries } from './tar-entries.ts';

/** The result of checking an archive. */
export type ArchiveVerdict =
  | {
      readonly kind: 'sound';
      /** It was read to its end, with every entry and the checksum. */
      readonly whole: boolean;
      readonly entries: number;
      readonly bytesRead: number;
      /** What is unusual, or not known: it can be that no fleet can load it. */
      readonly warnings: readonly string[];
    }
  /** No fleet could load it. */
  | { readonly kind: 'refused'; readonly message: string };

/** What is known of an archive before it is read, and how much of it to read. */
export interface ArchiveCheck {
  /** For messages. */
  readonly uri: string;
  /** Bytes of the whole object. Absent: not known; the body has all of it. */
  readonly size?: number;
  /** Compressed bytes to read at most. Absent: all. */
  readonly limit?: number;
  /** Called between chunks, and within chunks of more than 64 KiB. Absent: it takes the time that it takes. */
  readonly isTimeUp?: () => boolean;
}

/** Takes what an archive contains. `entry` and `content` may not throw. */
export interface ArchiveSink {
  /** The next entry. */
  entry(entry: ArchiveEntry): void;
  /** A part of the entry before, at its place in the file. */
  content(bytes: Buffer, offset: number): void;
  /** Resolves when it has done what it was given; nothing is given in the meantime. Rejects to end the reading. */
  settle(): Promise<void>;
}

/** Compressed bytes that are inflated at a time. They can grow a thousandfold, which takes a fraction of a second. */
const PIECE_BYTES = 64 * 1024;
const HOW_TO_CREATE = 'Create it with: tar -czf model.tar.gz -C <folder> .';

/**
 * Reads a model archive from its beginning, up to the limit and while time allows. This is the one rule of what a fleet
 * can load: the check before a swap, the local runtime's fleets and `freshpoint check` all use it. Errors of `body` and
 * `sink` are thrown, everything else is a verdict; `body` is closed as soon as no more of it is needed. Nothing but
 * headers is kept in memory.
 */
export async function checkArchive(
  body: AsyncIterable<Uint8Array>,
  check: ArchiveCheck,
  sink?: ArchiveSink,
): Promise<ArchiveVerdict> {
  const { uri, size = 0 } = check;
  const findings = new Findings();
  const entries = new TarEntries(findings, sink);
  const gunzip = new Gunzip((chunk) => entries.write(chunk));
  let bytesRead = 0;
  try {
    for await (const piece of pieces(body, check)) {
      bytesRead += piece.byteLength;
      await gunzip.write(piece);
      await sink?.settle();
      if (gunzip.isOver || entries.problem !== undefined) break;
    }
    // A truncated archive has no end, also where it was cut between two members of its gzip.
    const isAll = bytesRead >= size && bytesRead > 0;
    if (isAll && entries.problem === undefined) gunzip.end();
    if (gunzip.isWhole) entries.end();
    await sink?.settle();
  } finally {
    gunzip.close();
  }
  if (bytesRead === 0 && size === 0) {
    return refused(`${uri} is empty, expected a gzipped tar. ${HOW_TO_CREATE}`);
  }
  const problem = entries.problem ?? gunzip.problem;
  if (problem !== undefined) return refused(`${uri} ${problem} ${HOW_TO_CREATE}`);
  if (gunzip.hasMore) findings.add('more', () => 'has bytes after its gzip, which are ignored.');
  const warnings = findings.messages(uri);
  return { kind: 'sound', whole: gunzip.isWhole, entries: entries.count, bytesRead, warnings };
}

function refused(message: string): ArchiveVerdict {
  return { kind: 'refused', message };
}

/** The compressed bytes, as far as they may be read. No chunk is requested ahead, so the body can be closed. */
async function* pieces(
  body: AsyncIterable<Uint8Array>,
  { limit = Number.POSITIVE_INFINITY, isTimeUp = () => false }: ArchiveCheck,
): AsyncGenerator<Uint8Array, void> {
  let left = limit;
  for await (const chunk of body) {
    for (let at = 0; at < chunk.byteLength; at += PIECE_BYTES) {
      if (left <= 0 || isTimeUp()) return;
      const piece = chunk.subarray(at, at + Math.min(PIECE_BYTES, left));
      left -= piece.byteLength;
      yield piece;
    }
    if (left <= 0) return;
  }
}
