import { Reference, type Stack, Token, Tokenization } from 'aws-cdk-lib';
import { CfnBucket } from 'aws-cdk-lib/aws-s3';
import type { ObjectSource } from '../contract';
import { sourceUrlOf } from './source-url';

// The text of an encoded token has dots, but no slash, so a URL that contains tokens is split like any other.
const TOKEN = String.raw`\$\{Token\[[^\]]*\]\}`;
const REGION = String.raw`(?:[a-z]{2}-(?:[a-z]+-)+\d+|${TOKEN})`;
const S3_HOST = String.raw`s3(?:\.dualstack)?(?:[.-]${REGION})?\.(?:amazonaws\.com(?:\.cn)?|${TOKEN})`;
const BUCKET = `(?:${TOKEN}|[A-Za-z0-9._-])+`;

const S3_URL = /^s3:\/\/([^/]+)(?:\/(.*))?$/s;
/** With the bucket in the host name, and in the path. Keys with `%`, `?` or `#` are not read: they may be encoded. */
const HTTPS_URLS = [
  new RegExp(String.raw`^https://(${BUCKET})\.${S3_HOST}(?:/([^?#%]*))?$`, 's'),
  new RegExp(`^https://${S3_HOST}/(${BUCKET})(?:/([^?#%]*))?$`, 's'),
];
/** As `bucket.virtualHostedUrlForObject` returns it: the host is an attribute of the bucket. */
const DOMAIN_URL = new RegExp(`^https://(${TOKEN})(?:/([^?#%]*))?$`, 's');

/**
 * Bucket and key of a URL: `s3://<bucket>/<key>`, or one of S3's `https://` forms, which SageMaker takes, too. Bucket
 * and key may contain tokens. Undefined if the URL is of another kind, that of a `ModelSource`, or a token that hides
 * bucket and key. `stack` resolves URLs that `Fn::Join` builds.
 */
export function parseS3Url(url: string, stack: Stack): ObjectSource | undefined {
  if (sourceUrlOf(url)) return undefined;
  const found = splitUrl(url);
  if (found || !Token.isUnresolved(url)) return found;
  const join = (stack.resolve(url) as { 'Fn::Join'?: [string, unknown] } | undefined)?.['Fn::Join'];
  if (join?.[0] !== '' || !Array.isArray(join[1])) return undefined;
  return splitUrl(join[1].map((part) => (typeof part === 'string' ? part : Token.asString(part))).join(''));
}

function splitUrl(url: string): ObjectSource | undefined {
  for (const form of [S3_URL, ...HTTPS_URLS]) {
    const [, bucket, key = ''] = form.exec(url) ?? [];
    if (bucket !== undefined) return { bucket, key };
  }
  const [, host, key = ''] = DOMAIN_URL.exec(url) ?? [];
  const bucket = host === undefined ? undefined : bucketOfDomain(host);
  return bucket === undefined ? undefined : { bucket, key };
}

/** Name of the bucket of the app whose domain name the token is. */
function bucketOfDomain(token: string): string | undefined {
  const reference = Tokenization.reverseString(token).firstToken;
  if (!Reference.isReference(reference) || !(reference.target instanceof CfnBucket)) return undefined;
  return /^(Regional|DualStack)?DomainName$/.test(reference.displayName) ? reference.target.ref : undefined;
}
