import { invalidArgument, s3Error } from './errors.ts';

const FORBIDDEN_PREFIXES = ['xn--', 'sthree-', 'amzn-s3-demo-'];
const FORBIDDEN_SUFFIXES = ['-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3'];

const REGIONS =
  'af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2 ap-southeast-1 ' +
  'ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7 ca-central-1 ca-west-1 ' +
  'eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 il-central-1 ' +
  'me-central-1 me-south-1 mx-central-1 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2';

/** Whether AWS has a Region of this name. */
export const isRegion = (name: string): boolean => REGIONS.split(' ').includes(name);

/** Throws InvalidBucketName unless a new bucket can have this name. */
export function checkBucketName(name: string): void {
  const good =
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
    !name.includes('..') &&
    !/^\d+\.\d+\.\d+\.\d+$/.test(name) &&
    !FORBIDDEN_PREFIXES.some((prefix) => name.startsWith(prefix)) &&
    !FORBIDDEN_SUFFIXES.some((suffix) => name.endsWith(suffix));
  if (!good) throw s3Error('InvalidBucketName', { BucketName: name });
}

/** Maximum length of a key, in bytes of UTF-8. */
const MAX_KEY_BYTES = 1024;

/** Returns the key. Throws KeyTooLongError, InvalidArgument for an empty key, or InvalidURI for one not in Unicode. */
export function checkKey(key: string | undefined): string {
  if (!key) throw invalidArgument('Object key must not be empty', 'Key', key);
  if (!key.isWellFormed()) throw s3Error('InvalidURI');
  const size = Buffer.byteLength(key);
  if (size > MAX_KEY_BYTES) throw s3Error('KeyTooLongError', { Size: size, MaxSizeAllowed: MAX_KEY_BYTES });
  return key;
}

/** Whether S3 can have issued this id; an absent one, too. */
export const isVersionId = (id: string | undefined): boolean =>
  id === undefined || id === 'null' || /^[0-9a-f]{32}$/.test(id);

/** Throws InvalidArgument for an id that S3 cannot have issued. */
export function checkVersionId(id: string | undefined): void {
  if (!isVersionId(id)) throw invalidArgument('Invalid version id specified', 'versionId', id);
}

/** The object that a copy reads from. */
export interface CopySource {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string | undefined;
}

/**
 * Parses `x-amz-copy-source`: `[/]bucket/key[?versionId=id]`, percent-encoded, also its slashes. Throws
 * InvalidArgument.
 */
export function parseCopySource(source = ''): CopySource {
  const [, path = '', id] = /^(.*?)(?:\?versionId=([^&]*))?$/s.exec(source) ?? [];
  try {
    const [, bucket, key] = /^\/?([^/?]+)\/(.+)$/s.exec(decodeKey(path)) ?? [];
    if (bucket && key) return { bucket, key, versionId: id && decodeKey(id) };
  } catch {
    // A malformed percent escape: throws below.
  }
  throw invalidArgument('Invalid copy source object key', 'x-amz-copy-source', 'x-amz-copy-source');
}

/** Decodes a key in an address, where S3 takes `+` for a space. Throws URIError. */
export const decodeKey = (escaped: string): string => decodeURIComponent(escaped.replaceAll('+', ' '));
