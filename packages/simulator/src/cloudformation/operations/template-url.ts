import type { Caller, Cloud } from '../../core/cloud.ts';
import { readAll } from '../../core/read-all.ts';
import { validationError } from '../template.ts';

const MAX_TEMPLATE_BYTES = 1_048_576;

/** Reads a template from an object in S3, addressed in path style or by the bucket's host. Throws ValidationError. */
export async function readTemplateUrl(cloud: Cloud, url: string, caller: Caller): Promise<string> {
  const address = parseObjectUrl(url);
  if (!address) throw validationError('TemplateURL must be a supported URL.');
  let object: { readonly Body: AsyncIterable<Uint8Array> };
  try {
    object = await cloud.call('s3', 'GetObject', address, caller);
  } catch (error) {
    throw validationError(`S3 error: ${(error as Error).message}`);
  }
  const tooLarge = () => validationError(`Template may not exceed ${MAX_TEMPLATE_BYTES} bytes in size.`);
  return (await readAll(object.Body, MAX_TEMPLATE_BYTES, tooLarge)).toString();
}

/** Bucket and key of an S3 object's URL; undefined if it is another URL. */
function parseObjectUrl(text: string): { readonly Bucket: string; readonly Key: string } | undefined {
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
