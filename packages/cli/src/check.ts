import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type ArchiveVerdict, checkArchive } from '@freshpoint/engine/archive/check-archive';
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
    const lines = format === 'json' ? [JSON.stringify({ file, size, ...verdict })] : textOf(file, size, verdict);
    for (const line of lines) write(line);
  }
  return exitCode;
}

function textOf(file: string, size: number, verdict: ArchiveVerdict): string[] {
  if (verdict.kind === 'refused') return [`refused  ${withoutControlCharacters(verdict.message)}`];
  const { entries, warnings } = verdict;
  const count = `${entries} ${entries === 1 ? 'entry' : 'entries'}`;
  const sound = `sound    ${withoutControlCharacters(file)}: ${count}, ${formatBytes(size)}`;
  return [sound, ...warnings.map((warning) => `warning  ${withoutControlCharacters(warning)}`)];
}

async function readArchive(file: string) {
  try {
    const { size } = await stat(file);
    return { size, verdict: await checkArchive(createReadStream(file), { uri: file, size }) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new CommandFailure(`${file} cannot be read: ${(error as Error).message}.`, error);
  }
}
