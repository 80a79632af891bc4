import { prose } from './prose.ts';
import type { Results } from './results.ts';
import { type ReportTable, tables } from './tables.ts';

/** The page `docs/benchmarks.md`. */
export function markdownPage(results: Results): string {
  const { cpus, memoryGiB, platform, node, loadBefore } = results.machine;
  const howWritten = prose`
    writes this page, [its chart](benchmarks.svg) and [all figures](../bench/results.json). It writes nothing, and ends
    with an error, when a figure is not sane; the checks are in [\`sane.ts\`](../bench/report/sane.ts).
    \`npm run bench -- --quick\` measures every table with fewer samples, checks the figures too, and writes nothing.`;
  const howMeasured = prose`
    All figures are from one run on one machine: ${platform}, ${cpus} cores, ${memoryGiB} GiB, Node ${node}, load
    ${loadBefore} before the run began. Figures are medians where nothing else is said; ± is half the distance between
    the quartiles. Compare the ratios rather than the times: both sides were measured in turn, and a ratio is the median
    of the pairs' ratios.`;
  return `# Benchmarks

\`\`\`sh
npm run bench
\`\`\`

${howWritten}

![Freshpoint compared: uploads lost, cold start, local runtime](benchmarks.svg)

${howMeasured}

${tables(results).map(section).join('\n')}`;
}

function section({ title, note, head, rows }: ReportTable): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
  const table = [line(head), line(rule), ...rows.map(line)].join('\n');
  return `## ${title}\n\n${table}\n\n${note}\n`;
}
