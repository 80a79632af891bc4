import type { Results } from './results.ts';
import { type Table, tables } from './tables.ts';

/** The page `docs/benchmarks.md`. */
export function markdownPage(results: Results): string {
  const { cpus, memoryGiB, platform, node, loadBefore } = results.machine;
  const kind = results.quick ? 'a quick run: few samples' : 'one run';
  return `# Benchmarks

\`\`\`sh
npm run bench
\`\`\`

writes this page, [its chart](benchmarks.svg) and [all figures](../bench/results.json). \`npm run bench -- --quick\` takes fewer samples and writes nothing.

![Freshpoint compared: uploads lost, cold start, local runtime](benchmarks.svg)

All of it is from ${kind} on one machine: ${platform}, ${cpus} cores, ${memoryGiB} GiB, Node ${node}, load ${loadBefore} before it began. Medians; ± is half the distance between the quartiles. What counts are the ratios: both sides were measured in turn, and a ratio is the median of the pairs'.

${tables(results).map(section).join('\n')}`;
}

function section({ title, note, head, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
  const table = [line(head), line(rule), ...rows.map(line)].join('\n');
  return `## ${title}\n\n${table}\n${note ? `\n${note}\n` : ''}`;
}
