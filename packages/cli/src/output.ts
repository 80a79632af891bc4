import { styleText } from 'node:util';

/** Styles of a text on a terminal. */
export type TextStyle = 'bold' | 'red' | 'green' | 'yellow';

/** Where a command prints, and what that can show. */
export interface Output {
  readonly write: (line: string) => void;
  /** Width in columns. Infinite where lines have no width, as in a file. */
  readonly columns: number;
  /** The text in that style, or as it is where the output has no colours. */
  readonly paint: (style: TextStyle, text: string) => string;
}

/** What an output of the process can do. */
interface OutputStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/**
 * The process's output. Colours are for terminals, unless NO_COLOR or FORCE_COLOR says otherwise. COLUMNS is the width
 * of what is no terminal.
 */
export function outputOf(
  write: (line: string) => void,
  { isTTY = false, columns }: OutputStream,
  { NO_COLOR, FORCE_COLOR, TERM, COLUMNS }: NodeJS.ProcessEnv,
): Output {
  const isForced = FORCE_COLOR !== undefined && FORCE_COLOR !== '0';
  const hasColors = isForced || (isTTY && !NO_COLOR && TERM !== 'dumb');
  return {
    write,
    columns: columns ?? (Number(COLUMNS) || Number.POSITIVE_INFINITY),
    paint: (style, text) => (hasColors ? styleText(style, text, { validateStream: false }) : text),
  };
}
