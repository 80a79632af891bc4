/** An archive, or a list of model files, that is not unpacked. The message names the problem, its place and a fix. */
export class ArchiveRefused extends Error {
  /** A stable code for the kind of problem. */
  readonly code: RefusalCode;
  /** The entry at fault, if there is one. */
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
