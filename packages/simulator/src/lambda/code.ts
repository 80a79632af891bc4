import type { FunctionCode } from '@aws-sdk/client-lambda';

/** Where the code of a function comes from; exactly one kind is given. */
export interface CodeInput extends Pick<FunctionCode, 'S3Bucket' | 'S3Key' | 'S3ObjectVersion' | 'ImageUri'> {
  /** A zip archive as bytes, or the source of a single file as a string (as CloudFormation's inline code). */
  readonly ZipFile?: Uint8Array | string | undefined;
  /**
   * Only in process, not over HTTP: absolute path of an asset, a folder or a zip file. A folder is used in place, so
   * that the function runs from the files of the cloud assembly themselves.
   */
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
