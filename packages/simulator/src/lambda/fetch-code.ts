import type { Caller, Deps } from '../core/cloud.ts';
import type { CodeInput, CodeSource } from './code.ts';
import { invalidParameter } from './errors.ts';

/** Stands for a container image, which never runs here: nothing is stored. */
const IMAGE_SOURCE: CodeSource = { kind: 'inline', source: '', fileName: 'image' };

/** Reads the code that the request names, with the caller's permissions. Throws InvalidParameterValueException. */
export async function codeSource(
  deps: Deps,
  code: CodeInput,
  runtime: string | undefined,
  caller: Caller,
): Promise<CodeSource> {
  if (code.LocalPath !== undefined) return { kind: 'path', path: code.LocalPath };
  if (typeof code.ZipFile === 'string') {
    const fileName = runtime?.startsWith('python') ? 'index.py' : 'index.js';
    return { kind: 'inline', source: code.ZipFile, fileName };
  }
  if (code.ZipFile !== undefined) return { kind: 'zip', bytes: code.ZipFile };
  if (code.ImageUri !== undefined) return IMAGE_SOURCE;
  if (code.S3Bucket === undefined || code.S3Key === undefined) {
    throw invalidParameter('Please provide a source for function code.');
  }
  return { kind: 'zip', bytes: await fetchObject(deps, code, caller) };
}

async function fetchObject(deps: Deps, code: CodeInput, caller: Caller): Promise<Uint8Array> {
  const input = {
    Bucket: code.S3Bucket,
    Key: code.S3Key,
    ...(code.S3ObjectVersion !== undefined && { VersionId: code.S3ObjectVersion }),
  };
  try {
    const answer = (await deps.cloud.call('s3', 'GetObject', input, caller)) as { Body: AsyncIterable<Uint8Array> };
    const chunks: Uint8Array[] = [];
    for await (const chunk of answer.Body) chunks.push(chunk);
    return Buffer.concat(chunks);
  } catch (error) {
    const { name, message } = error as Error;
    throw invalidParameter(
      `Error occurred while GetObject. S3 Error Code: ${name}. S3 Error Message: ${message}`,
      error,
    );
  }
}
