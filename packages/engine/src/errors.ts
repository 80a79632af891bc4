/** An error that a person has to resolve. `code` is stable. */
export class EngineError extends Error {
  readonly code: 'SPEC_UNREADABLE' | 'STATE_UNREADABLE' | 'MESSAGE_UNREADABLE';

  constructor(code: EngineError['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'EngineError';
    this.code = code;
  }
}

/** Another writer changed the state after it was read. Read it again. */
export class StateConflict extends Error {
  constructor(uri: string) {
    super(`${uri} changed after it was read.`);
    this.name = 'StateConflict';
  }
}
