import { S3Error } from '#simulator/s3/errors';

/** The resource that a request addresses: the service, a bucket, or an object. */
export interface Address {
  readonly bucket?: string;
  readonly key?: string;
  readonly query: URLSearchParams;
}

/**
 * Reads bucket and key from Host and request target: `/bucket/key` (path style) or `bucket.localhost`,
 * `bucket.s3.localhost` (virtual-host style). The path is not normalized: `..` and `//` are
 * part of the key. Throws InvalidURI for broken percent escapes.
 */
export function parseAddress(host: string | undefined, target: string): Address {
  const relative = target.replace(/^https?:\/\/[^/?]*/i, '');
  const mark = relative.indexOf('?');
  const path = mark < 0 ? relative : relative.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? '' : relative.slice(mark + 1));
  const hostBucket = bucketOfHost(host ?? '');
  const segments = path.replace(/^\//, '');
  if (hostBucket !== undefined) return withKey(hostBucket, decode(segments), query);
  const slash = segments.indexOf('/');
  const bucket = decode(slash < 0 ? segments : segments.slice(0, slash));
  return bucket === '' ? { query } : withKey(bucket, slash < 0 ? '' : decode(segments.slice(slash + 1)), query);
}

const withKey = (bucket: string, key: string, query: URLSearchParams): Address =>
  key === '' ? { bucket, query } : { bucket, key, query };

function decode(escaped: string): string {
  try {
    return decodeURIComponent(escaped);
  } catch {
    throw new S3Error('InvalidURI', "Couldn't parse the specified URI.", 400, { URI: escaped.slice(0, 1024) });
  }
}

function bucketOfHost(host: string): string | undefined {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  if (name === 's3.localhost') return undefined;
  return /^(.+?)(?:\.s3)?\.localhost$/.exec(name)?.[1];
}
