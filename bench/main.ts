/*
 * Measures all that docs/benchmarks.md tells, in one run.
 * Usage: npm run bench [-- --quick]: fewer samples in under 90 s, and nothing is written.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measureBundle } from './bundle/measure-bundle.ts';
import { measureCopies } from './copies/measure-copies.ts';
import { measureGoingBack } from './going-back/measure-going-back.ts';
import { measureInvocations } from './local/measure-invocations.ts';
import { measureTransfers } from './local/measure-transfers.ts';
import { compileRuntime } from './local/runtime-server.ts';
import { measurePatterns } from './patterns/measure-patterns.ts';
import { chart } from './report/chart.ts';
import { markdownPage } from './report/markdown.ts';
import type { Results } from './report/results.ts';
import { tables } from './report/tables.ts';
import { terminalText } from './report/terminal.ts';
import { measureRevision } from './revision/measure-revision.ts';
import { root } from './support/cache.ts';
import { machine } from './support/machine.ts';
import { progress } from './support/progress.ts';

const quick = process.argv.includes('--quick');
const sizes = quick
  ? { patterns: 0.02, coldStarts: 3, revisions: 1, MiB: 128, transfers: 1, seconds: 2, invocations: 1 }
  : { patterns: 1, coldStarts: 25, revisions: 3, MiB: 1024, transfers: 3, seconds: 4, invocations: 4 };

const before = machine();
const compiled = await progress('local runtime, compiled', async () => compileRuntime());
const results: Results = {
  quick,
  machine: before,
  bundle: await progress('cold starts', (say) => measureBundle(sizes.coldStarts, say)),
  transfers: await progress('uploads and downloads', (say) =>
    measureTransfers(compiled, sizes.MiB, sizes.transfers, say),
  ),
  invocations: await progress('invocations', (say) =>
    measureInvocations(compiled, sizes.seconds, sizes.invocations, say),
  ),
  revision: await progress('revisions', (say) => measureRevision(sizes.revisions, say)),
  copies: await progress('copies', (say) => measureCopies(say)),
  goingBack: await progress('going back', () => measureGoingBack()),
  patterns: await progress('upload patterns', (say) => measurePatterns(sizes.patterns, say)),
};

console.log(terminalText(tables(results)));
if (!quick) {
  writeFileSync(join(root, 'bench/results.json'), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(join(root, 'docs/benchmarks.svg'), chart(results));
  writeFileSync(join(root, 'docs/benchmarks.md'), markdownPage(results));
  console.log('Written: bench/results.json, docs/benchmarks.md, docs/benchmarks.svg');
}
