/*
 * Checks that docs/benchmarks.md and its chart show bench/results.json and nothing else, and that those results are
 * sane. Measures nothing. Usage: node --conditions=source bench/check-page.ts; prints problems, and ends with 1 when
 * there are any
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chart } from './report/chart.ts';
import { markdownPage } from './report/markdown.ts';
import type { Results } from './report/results.ts';
import { insaneFigures } from './report/sane.ts';
import { REPOSITORY } from './support/cache.ts';

const textOf = (name: string) => readFileSync(join(REPOSITORY, name), 'utf8');

const results = JSON.parse(textOf('bench/results.json')) as Results;
const problems = insaneFigures(results);
if (problems.length === 0) {
  const pages = { 'docs/benchmarks.md': markdownPage, 'docs/benchmarks.svg': chart };
  for (const [name, render] of Object.entries(pages)) {
    if (textOf(name) !== render(results)) problems.push(`${name} is not what bench/results.json gives: npm run bench`);
  }
}
for (const problem of problems) console.log(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
