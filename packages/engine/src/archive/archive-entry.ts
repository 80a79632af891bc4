import type { PaxSparse, SparsePart } from './sparse.ts';
import { parseHeader, type TarHeader } from './tar-header.ts';

/** What an entry of an archive is. `special`: a device or a pipe. `label`: it describes the archive, and is no file. */
export type EntryKind = 'file' | 'folder' | 'symbolic link' | 'hard link' | 'special' | 'label';

/** A file, folder or link of an archive. */
export interface ArchiveEntry {
  /** As the archive has it. */
  readonly path: string;
  /** The path's names from the root of the archive on, with `.` and `..` resolved. Empty: the root itself. */
  readonly names: readonly string[];
  readonly kind: EntryKind;
  /** What the type flag says, for messages. */
  readonly type: string;
  /** Of a link. */
  readonly target: string;
  readonly isExecutable: boolean;
  /** Bytes of the file, holes included. */
  readonly size: number;
  /** Bytes in the archive, maps of sparse files not included. */
  readonly storedBytes: number;
  /** Of a sparse file: where the stored bytes belong. */
  readonly parts?: readonly SparsePart[];
}

/** What the headers before an entry's own say of it. */
export interface EntryExtension {
  readonly path?: string;
  readonly target?: string;
  readonly size?: number;
  readonly sparse?: PaxSparse;
}

const KINDS: Readonly<Record<string, readonly [kind: EntryKind, type: string]>> = {
  0: ['file', 'File'],
  '\0': ['file', 'File'],
  1: ['hard link', 'Link'],
  2: ['symbolic link', 'SymbolicLink'],
  3: ['special', 'CharacterDevice'],
  4: ['special', 'BlockDevice'],
  5: ['folder', 'Directory'],
  6: ['special', 'FIFO'],
  7: ['file', 'ContiguousFile'],
  D: ['folder', 'GNUDumpDir'],
  S: ['file', 'SparseFile'],
  V: ['label', 'TapeVolumeHeader'],
};

/** Entries of these types have no content, even if their header gives a size. */
const WITHOUT_CONTENT = '123456';

const EXECUTE_BIT = 0o100;

/** Undefined: the type is not known. POSIX says to take such an entry for a file. */
export const isKnownType = (type: string): boolean => Object.hasOwn(KINDS, type);

/** The entry of a header. Its size is that of the stored content. Undefined: the size is invalid. */
export function archiveEntryOf(block: Buffer, extension: EntryExtension): ArchiveEntry | undefined {
  const header = parseHeader(block);
  const path = extension.sparse?.path ?? extension.path ?? header.path;
  const [kind, type] = kindOf(header, path);
  const size = WITHOUT_CONTENT.includes(header.type) ? 0 : (extension.size ?? header.size);
  if (size === undefined) return undefined;
  return {
    path,
    names: resolvedNames(path),
    kind,
    type,
    target: kind.endsWith('link') ? (extension.target ?? header.linkPath) : '',
    isExecutable: (header.mode & EXECUTE_BIT) !== 0,
    size,
    storedBytes: size,
  };
}

function kindOf({ type }: TarHeader, path: string): readonly [EntryKind, string] {
  const known = KINDS[type] ?? ['file', `"${type}"`];
  // The oldest tars have no type for folders.
  return known[0] === 'file' && path.endsWith('/') ? ['folder', 'Directory'] : known;
}

function resolvedNames(path: string): readonly string[] {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return names;
}
