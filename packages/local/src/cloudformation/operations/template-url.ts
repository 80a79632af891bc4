import type { Caller, Cloud } from '../../core/cloud.ts';
import { validationError } from '../template.ts';

const maxBytes = 1_048_576;

/** Reads a template from an object in the local S3, addressed in path style or by a bucket's host name. Throws ValidationError. */
export async function readTemplateUrl(cloud: Cloud, url: string, caller: Caller): Promise<string> {
  const place = parseObjectUrl(url);
  if (!place) throw validationError('TemplateURL must be a supported URL.');
  let answer: { ContentLength?: number; Body: Body };
  try {
    answer = await cloud.call('s3', 'GetObject', place, caller);
  } catch (error) {
    throw validationError(`S3 error: ${(error as Error).message}`);
  }
  if ((answer.ContentLength ?? 0) > maxBytes) {
    answer.Body.destroy?.();
    throw validationError(`Template may not exceed ${maxBytes} bytes in size.`);
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.Body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

type Body = AsyncIterable<Uint8Array> & { destroy?(): void };

/** Bucket and key of an S3 object's URL; undefined when it is none. */
export function parseObjectUrl(text: string): { readonly Bucket: string; readonly Key: string } | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  let path: string;
  try {
    path = decodeURIComponent(url.pathname.slice(1));
  } catch {
    return undefined;
  }
  const host = /^(?:(.+?)\.)?s3[.-][^/]*$/.exec(url.hostname) ?? /^(.+?)\.(?:s3\.)?localhost$/.exec(url.hostname);
  const bucket = host?.[1];
  if (bucket !== undefined) return path === '' ? undefined : { Bucket: bucket, Key: path };
  const slash = path.indexOf('/');
  if (slash < 1 || slash === path.length - 1) return undefined;
  return { Bucket: path.slice(0, slash), Key: path.slice(slash + 1) };
}
