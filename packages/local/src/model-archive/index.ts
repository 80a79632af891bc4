export { ArchiveRefused, DEFAULT_ARCHIVE_LIMITS } from './limits.ts';
export { memberPath } from './member-path.ts';
export { unpackArchive } from './unpack.ts';
