/** Where the code of a function comes from; exactly one kind is given. */
export interface FunctionCode {
  /** A zip archive as bytes, or the source of a single file as a string (as CloudFormation's inline code). */
  readonly ZipFile?: Uint8Array | string;
  readonly S3Bucket?: string;
  readonly S3Key?: string;
  readonly S3ObjectVersion?: string;
  readonly ImageUri?: string;
  /**
   * Only in process, not over HTTP: absolute path of an asset, a folder or a zip file. A folder is used where it lies, so
   * the function runs from the very files of the cloud assembly.
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

/** Code as bytes or a place on this machine. */
export type CodeSource =
  | { readonly kind: 'zip'; readonly bytes: Uint8Array }
  | { readonly kind: 'inline'; readonly source: string; readonly fileName: string }
  | { readonly kind: 'path'; readonly path: string };

/** Keeps code on disk (or pretends to, in a simulation). */
export interface CodeStore {
  /** Throws AwsError InvalidParameterValueException for an archive that cannot be used. */
  store(functionName: string, source: CodeSource): Promise<StoredCode>;
  /** Nothing runs from this code any more. */
  release(code: StoredCode): Promise<void>;
}
