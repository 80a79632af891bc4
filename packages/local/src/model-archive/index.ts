export { ArchiveRefused, type RefusalCode } from './archive-refused.ts';
export { type ArchiveLimits, defaultLimits } from './limits.ts';
export { Members, memberPath } from './member-path.ts';
export { type Unpacked, type UnpackOptions, unpackArchive } from './unpack.ts';
