import { withoutControlCharacters } from './text.ts';

/** Exit codes, as `--help` documents them. */
export const EXIT_CODES = { success: 0, failed: 1, invalidUsage: 2, needsAttention: 3, inUse: 4 } as const;

/** A problem that the user can fix: printed without a stack trace, so the message says all there is to say. */
export class CommandFailure extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
  }
}

/** The command line is invalid. */
export class UsageError extends CommandFailure {}

/** Another process uses the port or the folder. */
export class InUse extends CommandFailure {}

/** Prints why the command failed and returns its exit code. Any other error is a bug and is printed whole. */
export function reportError(error: unknown, print: (problem: unknown) => void): number {
  if (!(error instanceof CommandFailure)) {
    print(error);
    return EXIT_CODES.failed;
  }
  // A service's text is part of some messages.
  print(`freshpoint: ${error.message.split('\n').map(withoutControlCharacters).join('\n')}`);
  if (error instanceof InUse) return EXIT_CODES.inUse;
  if (!(error instanceof UsageError)) return EXIT_CODES.failed;
  print('Run `freshpoint --help` for usage.');
  return EXIT_CODES.invalidUsage;
}
