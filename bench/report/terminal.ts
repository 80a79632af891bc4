import type { Table } from './tables.ts';

/** One table under the other, all columns of one width. */
export function terminalText(all: readonly Table[]): string {
  return all.map(tableText).join('\n');
}

function tableText({ title, head, rows }: Table): string {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd();
  const rule = '─'.repeat(widths.reduce((sum, width) => sum + width + 2, -2));
  return `\n${title}\n${line(head)}\n${rule}\n${rows.map(line).join('\n')}\n`;
}
