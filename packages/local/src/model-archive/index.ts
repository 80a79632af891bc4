export { ArchiveRefused } from './archive-refused.ts';
export { type ArchiveLimits, DEFAULT_ARCHIVE_LIMITS } from './limits.ts';
export { Members, memberPath } from './member-path.ts';
export { unpackArchive } from './unpack.ts';
