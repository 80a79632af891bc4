import type { FunctionCode } from '@aws-sdk/client-lambda';
import { AwsError } from '../core/aws-error.ts';
import type { Caller, Deps } from '../core/cloud.ts';
import { readAll } from '../core/read-all.ts';
import { invalidParameter } from './errors.ts';

/** Maximum size of unpacked code, and thus of an archive. */
export const MAX_CODE_BYTES = 262_144_000;
/** Maximum size of an archive in a request. */
const MAX_ZIP_FILE_BYTES = 52_428_800;

/** Where the code of a function comes from; exactly one kind is given. */
export interface CodeInput extends Omit<FunctionCode, 'ZipFile'> {
  /** A zip archive as bytes, or the source of a single file as a string (as CloudFormation's inline code). */
  readonly ZipFile?: Uint8Array | string | undefined;
  /** Only in process, not over HTTP: absolute path of an asset, a folder or a zip file. */
  readonly LocalPath?: string;
}

/** Code that is ready to run. */
export interface StoredCode {
  /** Folder with the code. */
  readonly path: string;
  /** Base64, as CodeSha256. */
  readonly sha256: string;
  /** In bytes, as CodeSize. */
  readonly size: number;
}

/** Code as bytes, or as a path on this machine. */
export type CodeSource =
  | { readonly kind: 'zip'; readonly bytes: Uint8Array }
  | { readonly kind: 'inline'; readonly source: string; readonly fileName: string }
  | { readonly kind: 'path'; readonly path: string };

/** Keeps code on disk (or pretends to, in a simulation). */
export interface CodeStore {
  /** Throws InvalidParameterValueException for an archive that cannot be unpacked. */
  store(functionName: string, source: CodeSource): Promise<StoredCode>;
  /** Called when nothing runs from this code any more. */
  release(code: StoredCode): Promise<void>;
  /** Keeps the code in these folders from an earlier process and removes all other. Absent: the store starts empty. */
  keepOnly?(paths: ReadonlySet<string>): void;
}

export const codeTooLarge = () => invalidParameter(`Unzipped size must be smaller than ${MAX_CODE_BYTES} bytes`);

/** Reads the code that the request names, with the caller's permissions. Throws InvalidParameterValueException. */
export async function codeSource(
  { cloud }: Deps,
  { LocalPath, ZipFile, ImageUri, S3Bucket, S3Key, S3ObjectVersion }: CodeInput,
  runtime: string | undefined,
  caller: Caller,
): Promise<CodeSource> {
  if (LocalPath !== undefined) return { kind: 'path', path: LocalPath };
  if (typeof ZipFile === 'string') {
    return { kind: 'inline', source: ZipFile, fileName: runtime?.startsWith('python') ? 'index.py' : 'index.js' };
  }
  if (ZipFile !== undefined) {
    if (ZipFile.length <= MAX_ZIP_FILE_BYTES) return { kind: 'zip', bytes: ZipFile };
    const message = `Zipped size must be smaller than ${MAX_ZIP_FILE_BYTES} bytes`;
    throw new AwsError('RequestEntityTooLargeException', message, 413);
  }
  // A container image never runs here: nothing is stored.
  if (ImageUri !== undefined) return { kind: 'inline', source: '', fileName: 'image' };
  if (S3Bucket === undefined || S3Key === undefined) {
    throw invalidParameter('Please provide a source for function code.');
  }
  try {
    const input = { Bucket: S3Bucket, Key: S3Key, VersionId: S3ObjectVersion };
    const { Body } = await cloud.call<{ Body: AsyncIterable<Uint8Array> }>('s3', 'GetObject', input, caller);
    return { kind: 'zip', bytes: await readAll(Body, MAX_CODE_BYTES, codeTooLarge) };
  } catch (error) {
    if ((error as Error).name === 'InvalidParameterValueException') throw error;
    const { name, message } = error as Error;
    const reason = `S3 Error Code: ${name}. S3 Error Message: ${message}`;
    throw invalidParameter(`Error occurred while GetObject. ${reason}`, error);
  }
}
