export { ArchiveRefused, type RefusalCode } from './archive-refused.ts';
export { type ArchiveLimits, defaultLimits } from './limits.ts';
export { Members, memberPath } from './member-path.ts';
export { unpackArchive } from './unpack.ts';
