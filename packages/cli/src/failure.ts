/** Something that the person who typed the command can put right: shown without a stack trace. */
export class Failure extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
  }
}

/** The command itself is wrong. */
export class UsageError extends Failure {}
