import { invalidArgument, S3Error } from './errors.ts';

const FORBIDDEN_PREFIXES = ['xn--', 'sthree-', 'amzn-s3-demo-'];
const FORBIDDEN_SUFFIXES = ['-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3'];

/** Throws InvalidBucketName unless a new bucket can have this name. */
export function checkBucketName(name: string): void {
  const good =
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
    !name.includes('..') &&
    !/^\d+\.\d+\.\d+\.\d+$/.test(name) &&
    !FORBIDDEN_PREFIXES.some((prefix) => name.startsWith(prefix)) &&
    !FORBIDDEN_SUFFIXES.some((suffix) => name.endsWith(suffix));
  if (!good) throw new S3Error('InvalidBucketName', 'The specified bucket is not valid.', 400, { BucketName: name });
}

/** Maximum length of a key, in bytes of UTF-8. */
const MAX_KEY_BYTES = 1024;

/** Throws KeyTooLongError, InvalidArgument for an empty key, or InvalidURI for a key that is not Unicode. */
export function checkKey(key: string | undefined): asserts key is string {
  if (!key) throw invalidArgument('Object key must not be empty', 'Key', key);
  if (!key.isWellFormed()) throw new S3Error('InvalidURI', "Couldn't parse the specified URI.", 400);
  const size = Buffer.byteLength(key);
  if (size > MAX_KEY_BYTES) {
    throw new S3Error('KeyTooLongError', 'Your key is too long', 400, {
      Size: String(size),
      MaxSizeAllowed: String(MAX_KEY_BYTES),
    });
  }
}

/** The object that a copy reads from. */
export interface CopySource {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
}

/** Parses `x-amz-copy-source`: `[/]bucket/key[?versionId=id]`, percent-encoded. Throws InvalidArgument. */
export function parseCopySource(source: string | undefined): CopySource {
  const match = /^\/?([^/?]+)\/(.+?)(?:\?versionId=([^&]*))?$/s.exec(source ?? '');
  try {
    if (match) {
      const [, bucket = '', key = '', versionId] = match;
      return {
        bucket: decodeURIComponent(bucket),
        key: decodeURIComponent(key),
        ...(versionId === undefined ? {} : { versionId: decodeURIComponent(versionId) }),
      };
    }
  } catch {
    // A malformed percent escape: throws below.
  }
  throw invalidArgument(
    'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
    'x-amz-copy-source',
    source ?? '',
  );
}
