import { styleText } from 'node:util';

/** Styles of a text. */
export type Look = 'plain' | 'strong' | 'quiet' | 'good' | 'bad' | 'busy' | 'accent';

/** A part of a line, in one style. */
export type StyledText = readonly [text: string, look?: Look];

/** Colours a text, or returns it unchanged. */
export type Painter = (text: string, look: Look) => string;

const STYLES = {
  strong: 'bold',
  quiet: 'dim',
  good: 'green',
  bad: 'red',
  busy: 'yellow',
  accent: 'cyan',
} as const satisfies Partial<Record<Look, Parameters<typeof styleText>[0]>>;

/** Colours with ANSI codes. */
export const coloured: Painter = (text, look) =>
  look === 'plain' ? text : styleText(STYLES[look], text, { validateStream: false });

/** No ANSI codes. */
export const uncoloured: Painter = (text) => text;

/** One line of at most `width` columns; a longer one ends with an ellipsis. Every character counts as one column. */
export function paintLine(parts: readonly StyledText[], width: number, paint: Painter): string {
  let left = width;
  const total = parts.reduce((sum, [text]) => sum + text.length, 0);
  let line = '';
  for (const [text, look] of parts) {
    const cut = total > width && text.length >= left;
    const shown = cut ? `${text.slice(0, Math.max(0, left - 1))}…` : text;
    line += paint(shown, look ?? 'plain');
    if (cut) break;
    left -= text.length;
  }
  return line;
}

/** Breaks a text between words into lines of at most `width` columns; a longer word is broken too. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (let word of paragraph.split(' ')) {
      if (line !== '' && line.length + 1 + word.length > width) {
        lines.push(line);
        line = '';
      } else if (line !== '') {
        line += ' ';
      }
      while (line.length + word.length > width) {
        const room = width - line.length;
        lines.push(line + word.slice(0, room));
        word = word.slice(room);
        line = '';
      }
      line += word;
    }
    lines.push(line);
  }
  return lines;
}

/** Removes control characters from a foreign text, so that it cannot move the cursor or change colours. */
export function stripControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the function removes them
  return text.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, '').replace(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/g, ' ');
}
