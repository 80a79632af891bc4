import { type Stack, Token } from 'aws-cdk-lib';
import type { ObjectSource } from '../contract';
import { sourceUrlOf } from './source-url';

/**
 * Bucket and key of an `s3://` URL; either may contain tokens. Undefined if the URL is of another kind, that of a
 * `ModelSource`, or a token that hides bucket and key. `stack` resolves URLs that `Fn::Join` builds.
 */
export function parseS3Url(url: string, stack: Stack): ObjectSource | undefined {
  if (sourceUrlOf(url)) return undefined;
  // The text of an encoded token has no slash, so a URL that contains tokens is split like any other.
  const [, bucket, key = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/s.exec(url) ?? [];
  if (bucket !== undefined) return { bucket, key };
  if (!Token.isUnresolved(url)) return undefined;
  const join = (stack.resolve(url) as { 'Fn::Join'?: [string, unknown] } | undefined)?.['Fn::Join'];
  if (join?.[0] !== '' || !Array.isArray(join[1])) return undefined;
  const text = join[1].map((part) => (typeof part === 'string' ? part : Token.asString(part))).join('');
  return text.startsWith('s3://') ? parseS3Url(text, stack) : undefined;
}
