import { styleText } from 'node:util';

/** Ways to set off a text. */
export type Look = 'plain' | 'strong' | 'quiet' | 'good' | 'bad' | 'busy' | 'accent';

/** Part of a line, in one look. */
export type Part = readonly [text: string, look?: Look];

/** Colours a text, or returns it as it is. */
export type Painter = (text: string, look: Look) => string;

const STYLES = {
  strong: 'bold',
  quiet: 'dim',
  good: 'green',
  bad: 'red',
  busy: 'yellow',
  accent: 'cyan',
} as const satisfies Partial<Record<Look, Parameters<typeof styleText>[0]>>;

/** Without `colour`, no ANSI code ever. */
export function createPainter(colour: boolean): Painter {
  if (!colour) return (text) => text;
  return (text, look) => (look === 'plain' ? text : styleText(STYLES[look], text, { validateStream: false }));
}

/** One line of at most `width` columns; what doesn't fit is cut off with an ellipsis. Every character counts as one column. */
export function paintLine(parts: readonly Part[], width: number, paint: Painter): string {
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

/** Breaks a text between words into lines of at most `width` columns, and within a word that is longer than that. */
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

/** Takes the control characters out of a text from elsewhere, so that it cannot move the cursor or change colours. */
export function harmless(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
  return text.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, '').replace(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/g, ' ');
}
