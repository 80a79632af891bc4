export type { BlobSink, BlobStore } from './blob-store.ts';
export { createS3, type S3 } from './create-s3.ts';
export { DiskBlobs } from './disk-blobs.ts';
export type { S3Event, S3EventDetail } from './events.ts';
export { MemoryBlobs } from './memory-blobs.ts';
export { ObjectBody } from './object-body.ts';
