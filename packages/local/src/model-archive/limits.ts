/** Limits of an unpacked model. */
export interface ArchiveLimits {
  /** Files and directories. @default 20000 */
  readonly maxEntries: number;
  /** All bytes after decompression, tar headers included. @default 20 GiB */
  readonly maxBytes: number;
  /** Length of one entry's path, in bytes. @default 1024 */
  readonly maxPathBytes: number;
  /** Names in one entry's path. @default 32 */
  readonly maxDepth: number;
  /** Decompressed bytes per compressed byte, checked above `ratioFloorBytes`. @default 300 */
  readonly maxRatio: number;
  /** Decompressed bytes up to which the ratio is not checked. @default 64 MiB */
  readonly ratioFloorBytes: number;
}

export const DEFAULT_ARCHIVE_LIMITS: ArchiveLimits = {
  maxEntries: 20_000,
  maxBytes: 20 * 1024 ** 3,
  maxPathBytes: 1024,
  maxDepth: 32,
  maxRatio: 300,
  ratioFloorBytes: 64 * 1024 ** 2,
};
