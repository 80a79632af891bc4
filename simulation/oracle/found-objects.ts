import type { World } from '../worlds/world.ts';

/** An object that belongs to a source. */
export interface FoundObject {
  /** The source that it belongs to: its key, or the name of what chose it. */
  readonly name: string;
  readonly key: string;
  readonly etag: string;
  /** Of an object that HeadObject was asked about. */
  readonly checksum?: string;
  readonly size: number;
  readonly modified: number;
}

/** A pointer that names no object. */
export interface DanglingPointer {
  readonly key?: undefined;
  readonly name: string;
  /** Of the pointer. */
  readonly etag: string;
  readonly modified: number;
}

/** The objects whose keys begin with the prefix. */
export function foundBelow(world: World, prefix: string): FoundObject[] {
  const { Contents = [] } = world.peek('s3', 'ListObjectsV2', { Bucket: world.bucket, Prefix: prefix });
  return Contents.map(({ Key, ETag, Size, LastModified }) => ({
    name: Key,
    key: Key,
    etag: ETag,
    size: Size,
    modified: LastModified.getTime(),
  }));
}

/** The object with this key; undefined: there is none. */
export function headObject(world: World, key: string): FoundObject | undefined {
  try {
    const object = { Bucket: world.bucket, Key: key, ChecksumMode: 'ENABLED' };
    const { ETag, ContentLength, LastModified, ChecksumCRC64NVME } = world.peek('s3', 'HeadObject', object);
    const checksum = `crc64nvme:${ChecksumCRC64NVME}`;
    return { name: key, key, etag: ETag, checksum, size: ContentLength, modified: LastModified.getTime() };
  } catch {
    return undefined;
  }
}
