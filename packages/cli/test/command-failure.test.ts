import { describe, expect, test } from 'vitest';
import { CommandFailure, reportError, UsageError } from '../src/command-failure.ts';

describe('reportError', () => {
  const report = (error: unknown) => {
    const printed: unknown[] = [];
    return { exitCode: reportError(error, (problem) => printed.push(problem)), printed };
  };

  test('prints the message of a CommandFailure without control characters, and fails', () => {
    expect(report(new CommandFailure('one \x1b[2J\ntwo\x07'))).toEqual({
      exitCode: 1,
      printed: ['freshpoint: one \ntwo '],
    });
  });

  test('refers to --help after a UsageError', () => {
    expect(report(new UsageError('Missing command.'))).toEqual({
      exitCode: 2,
      printed: ['freshpoint: Missing command.', 'Run `freshpoint --help` for usage.'],
    });
  });

  test('prints a bug with its stack trace', () => {
    const bug = new TypeError('undefined');
    expect(report(bug)).toEqual({ exitCode: 1, printed: [bug] });
  });
});
