import type { ObjectSource } from '@freshpoint/cdk/contract';

/** Maximum length of a key in S3, in bytes. */
export const MAX_KEY_BYTES = 1024;

const S3_URI = /^s3:\/\/([a-z0-9][a-z0-9.-]+)\/(\P{Cc}+)$/u;
const S3_HOST = String.raw`s3(?:\.dualstack)?(?:[.-][a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?`;
/** Keys with `%`, `?` or `#` are not read: they may be encoded. */
const HTTPS_URLS = [
  new RegExp(String.raw`^https://([a-z0-9][a-z0-9.-]+)\.${S3_HOST}/([^?#%]+)$`),
  new RegExp(`^https://${S3_HOST}/([a-z0-9][a-z0-9.-]+)/([^?#%]+)$`),
];

/** The object that an s3:// URI names; undefined: it is no such URI, or one of a prefix. */
export function objectAtUri(uri: string): ObjectSource | undefined {
  const [, bucket = '', key = ''] = S3_URI.exec(uri) ?? [];
  return isObjectKey(key) ? { bucket, key } : undefined;
}

/** Like `objectAtUri`, also for https URLs of S3: SageMaker takes both. */
export function objectAtUrl(url: string): ObjectSource | undefined {
  const [, bucket = '', key = ''] = HTTPS_URLS.map((form) => form.exec(url)).find(Boolean) ?? [];
  return isObjectKey(key) ? { bucket, key } : objectAtUri(url);
}

function isObjectKey(key: string): boolean {
  return key !== '' && !key.endsWith('/') && Buffer.byteLength(key) <= MAX_KEY_BYTES;
}
