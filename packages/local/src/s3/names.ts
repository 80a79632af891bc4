import { invalidArgument, S3Error } from './errors.ts';

const FORBIDDEN_PREFIXES = ['xn--', 'sthree-', 'amzn-s3-demo-'];
const FORBIDDEN_SUFFIXES = ['-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3'];

/** Throws InvalidBucketName unless `name` may be given to a new bucket. */
export function checkBucketName(name: string): void {
  const good =
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
    !name.includes('..') &&
    !/^\d+\.\d+\.\d+\.\d+$/.test(name) &&
    !FORBIDDEN_PREFIXES.some((prefix) => name.startsWith(prefix)) &&
    !FORBIDDEN_SUFFIXES.some((suffix) => name.endsWith(suffix));
  if (!good) throw new S3Error('InvalidBucketName', 'The specified bucket is not valid.', 400, { BucketName: name });
}

/** In bytes of UTF-8. */
const MAX_KEY_BYTES = 1024;

/** Throws KeyTooLongError, or InvalidArgument for a key that is empty or not Unicode. Any other string is a key. */
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

/** The object that a copy reads. */
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
      return {
        bucket: decodeURIComponent(match[1]!),
        key: decodeURIComponent(match[2]!),
        ...(match[3] === undefined ? {} : { versionId: decodeURIComponent(match[3]) }),
      };
    }
  } catch {
    // falls through: a bad percent escape
  }
  throw invalidArgument(
    'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
    'x-amz-copy-source',
    source ?? '',
  );
}
