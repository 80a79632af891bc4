import type { Caller, Deps } from '../core/cloud.ts';
import type { CodeSource, FunctionCode } from './code.ts';
import { invalidParameter } from './errors.ts';

/** What runs where a container image is named: nothing, so nothing is stored. */
const IMAGE_SOURCE: CodeSource = { kind: 'inline', source: '', fileName: 'image' };

/** Reads the code from where the request says it is, as the caller. Throws InvalidParameterValueException. */
export async function codeSource(
  deps: Deps,
  code: FunctionCode,
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

async function fetchObject(deps: Deps, code: FunctionCode, caller: Caller): Promise<Uint8Array> {
  const input = {
    Bucket: code.S3Bucket,
    Key: code.S3Key,
    ...(code.S3ObjectVersion !== undefined && { VersionId: code.S3ObjectVersion }),
  };
  try {
    const answer = await deps.cloud.call('s3', 'GetObject', input, caller);
    const chunks: Uint8Array[] = [];
    for await (const chunk of answer.Body as AsyncIterable<Uint8Array>) chunks.push(chunk);
    return Buffer.concat(chunks);
  } catch (error) {
    const { name, message } = error as Error;
    throw invalidParameter(
      `Error occurred while GetObject. S3 Error Code: ${name}. S3 Error Message: ${message}`,
      error,
    );
  }
}
