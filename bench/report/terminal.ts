import type { ReportTable } from './tables.ts';

/** One table under the other, all columns of one width. */
export function terminalText(all: readonly ReportTable[]): string {
  return all.map(tableText).join('\n');
}

function tableText({ title, head, rows }: ReportTable): string {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    widths
      .map((width, column) => {
        const cell = cells[column] ?? '';
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd();
  const rule = '─'.repeat(widths.reduce((sum, width) => sum + width + 2, -2));
  return `\n${title}\n${line(head)}\n${rule}\n${rows.map(line).join('\n')}\n`;
}
