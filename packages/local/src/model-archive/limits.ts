/** Limits of an unpacked model, for the laptop's sake. */
export interface ArchiveLimits {
  /** Files, folders and links. @default 1000000 */
  readonly maxEntries: number;
  /** All bytes of all files, holes included. @default 20 GiB */
  readonly maxBytes: number;
}

export const DEFAULT_ARCHIVE_LIMITS: ArchiveLimits = {
  maxEntries: 1_000_000,
  maxBytes: 20 * 1024 ** 3,
};

/** Model data that is not unpacked. The message names the problem, its place and a fix. */
export class ArchiveRefused extends Error {
  override readonly name = 'ArchiveRefused';
}
