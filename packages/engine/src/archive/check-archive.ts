import { Gunzip } from './gunzip.ts';
import { TarEntries } from './tar-entries.ts';

/** The result of checking an archive. */
export type ArchiveVerdict =
  /**
   * `whole`: it was read to its end, with its checksums and every entry (up to a sparse file in GNU's own format), and
   * nothing that is not gzip follows.
   */
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
  /** Called between chunks, and within chunks of more than 64 KiB. */
  readonly isTimeUp: () => boolean;
}

/** Compressed bytes that are inflated at a time. They can grow a thousandfold, which takes a fraction of a second. */
const PIECE_BYTES = 64 * 1024;
const HOW_TO_CREATE = 'Create it with: tar -czf model.tar.gz -C <folder> .';

/**
 * Reads a model archive from its beginning, up to the limit and while time allows. Errors of `body` are thrown,
 * everything else is a verdict; `body` is closed as soon as no more of it is needed. Nothing is unpacked, and nothing
 * but one header is kept in memory.
 */
export async function checkArchive(body: AsyncIterable<Uint8Array>, options: ArchiveCheck): Promise<ArchiveVerdict> {
  const { uri, size } = options;
  if (size === 0) return refused(`${uri} is empty, expected a gzipped tar. ${HOW_TO_CREATE}`);
  const entries = new TarEntries();
  const gunzip = new Gunzip((chunk) => entries.write(chunk));
  let bytesRead = 0;
  try {
    for await (const piece of pieces(body, options)) {
      bytesRead += piece.byteLength;
      await gunzip.write(piece);
      if (gunzip.isOver || entries.problem !== undefined) break;
    }
    // A truncated archive has no end, also where it was cut between two members of its gzip.
    if (bytesRead >= size && entries.problem === undefined) await gunzip.end();
    if (gunzip.isWhole) entries.end();
  } finally {
    gunzip.close();
  }
  const problem = entries.problem ?? gunzip.problem;
  if (problem !== undefined) return refused(`${uri} ${problem} ${HOW_TO_CREATE}`);
  return { kind: 'sound', whole: gunzip.isWhole, entries: entries.count, bytesRead };
}

function refused(message: string): ArchiveVerdict {
  return { kind: 'refused', message };
}

/** The compressed bytes, as far as they may be read. No chunk is requested ahead, so the body can be closed. */
async function* pieces(
  body: AsyncIterable<Uint8Array>,
  { limit, isTimeUp }: ArchiveCheck,
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
