/** What a model may be unpacked to. */
export interface ArchiveLimits {
  /** Files and directories. @default 20000 */
  readonly maxEntries: number;
  /** All bytes after decompression, tar headers included. @default 20 GiB */
  readonly maxBytes: number;
  /** Length of one entry's path, in bytes. @default 1024 */
  readonly maxPathBytes: number;
  /** Names in one entry's path. @default 32 */
  readonly maxDepth: number;
  /** Bytes after decompression for each one before, asked once `ratioFloorBytes` are exceeded. @default 300 */
  readonly maxRatio: number;
  /** Up to so many decompressed bytes the ratio doesn't matter. @default 64 MiB */
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
