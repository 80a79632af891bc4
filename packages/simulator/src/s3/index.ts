export { createS3 } from './create-s3.ts';
export type { S3Event } from './events.ts';
export { MemoryBlobs } from './memory-blobs.ts';
