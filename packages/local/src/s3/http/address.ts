import { s3Error } from '#simulator/s3/errors';
import { decodeKey } from '#simulator/s3/names';

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
  const [, path = '', search] = /^(?:https?:\/\/[^/?]*)?\/?([^?]*)\??(.*)$/is.exec(target) ?? [];
  const query = new URLSearchParams(search);
  const hostBucket = bucketOfHost(host ?? '');
  const [first = '', ...rest] = path.split('/');
  const bucket = hostBucket ?? decode(first);
  const key = decode(hostBucket === undefined ? rest.join('/') : path);
  if (bucket === '') return { query };
  return key === '' ? { bucket, query } : { bucket, key, query };
}

function decode(escaped: string): string {
  try {
    return decodeKey(escaped);
  } catch {
    throw s3Error('InvalidURI', { URI: escaped.slice(0, 1024) });
  }
}

function bucketOfHost(host: string): string | undefined {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  if (name === 's3.localhost') return undefined;
  return /^(.+?)(?:\.s3)?\.localhost$/.exec(name)?.[1];
}
