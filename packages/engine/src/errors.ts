/** An error that a person has to see. `code` is stable. */
export class EngineError extends Error {
  readonly code: 'SPEC_UNREADABLE' | 'STATE_UNREADABLE' | 'MESSAGE_UNREADABLE';

  constructor(code: EngineError['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'EngineError';
    this.code = code;
  }
}

/** Somebody else wrote the state since it was read. Look again. */
export class StateConflict extends Error {
  constructor(name: string) {
    super(`${name} was written by somebody else since it was read`);
    this.name = 'StateConflict';
  }
}
