/** An archive, or a listing of model files, that is not unpacked. The message says what was found, where, and what to do. */
export class ArchiveRefused extends Error {
  /** A stable word for the kind of problem. */
  readonly code: RefusalCode;
  /** The entry at fault, where there is one. */
  readonly entry?: string;

  constructor(code: RefusalCode, message: string, entry?: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ArchiveRefused';
    this.code = code;
    if (entry !== undefined) this.entry = entry;
  }
}

export type RefusalCode =
  | 'not-gzip'
  | 'truncated'
  | 'not-tar'
  | 'absolute-path'
  | 'outside-path'
  | 'bad-path'
  | 'path-too-long'
  | 'path-too-deep'
  | 'link'
  | 'special-file'
  | 'setuid'
  | 'conflict'
  | 'too-many-entries'
  | 'too-large'
  | 'compression-ratio';
