import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { checkArchive } from '@freshpoint/engine/archive/check-archive';
import { CommandFailure, EXIT_CODES } from './command-failure.ts';
import { formatBytes, type OutputFormat, withoutControlCharacters } from './text.ts';

/** Arguments of `freshpoint check`. */
export interface CheckArguments {
  readonly command: 'check';
  /** At least one. */
  readonly files: readonly string[];
  readonly format: OutputFormat;
}

/**
 * Reads model archives as the controller does before a swap, but whole. Returns the exit code. Throws CommandFailure
 * for a file that cannot be read.
 */
export async function runCheck({ files, format }: CheckArguments, write: (line: string) => void): Promise<number> {
  let exitCode: number = EXIT_CODES.success;
  for (const file of files) {
    const { size, verdict } = await readArchive(file);
    if (verdict.kind === 'refused') exitCode = EXIT_CODES.needsAttention;
    if (format === 'json') write(JSON.stringify({ file, size, ...verdict }));
    else if (verdict.kind === 'refused') write(`refused  ${withoutControlCharacters(verdict.message)}`);
    else write(`sound    ${withoutControlCharacters(file)}: ${verdict.entries} entries, ${formatBytes(size)}`);
  }
  return exitCode;
}

async function readArchive(file: string) {
  try {
    const { size } = await stat(file);
    const options = { uri: file, size, limit: size, isTimeUp: () => false };
    return { size, verdict: await checkArchive(createReadStream(file), options) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new CommandFailure(`${file} cannot be read: ${(error as Error).message}.`, error);
  }
}
