/*
 * Measures everything that docs/benchmarks.md shows, in one run, and checks that the figures are sane. When they are
 * not, it ends with status 1 and writes nothing.
 * Usage: npm run bench [-- --quick]   --quick takes fewer samples, and never writes
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measureBundle } from './bundle/measure-bundle.ts';
import { measureCopies } from './copies/measure-copies.ts';
import { type EmulatorSizes, measureEmulators } from './emulators/measure-emulators.ts';
import { type InvocationSizes, measureInvocations } from './local/measure-invocations.ts';
import { measureTransfers, type TransferSizes } from './local/measure-transfers.ts';
import { compileRuntime } from './local/runtime-server.ts';
import { measureIdle } from './patterns/measure-idle.ts';
import { measurePatterns } from './patterns/measure-patterns.ts';
import { chart } from './report/chart.ts';
import { markdownPage } from './report/markdown.ts';
import type { Results } from './report/results.ts';
import { insaneFigures } from './report/sane.ts';
import { tables } from './report/tables.ts';
import { terminalText } from './report/terminal.ts';
import { measureRevision } from './revision/measure-revision.ts';
import { measureRollback } from './rollback/measure-rollback.ts';
import { measureStorage } from './storage/measure-storage.ts';
import { REPOSITORY } from './support/cache.ts';
import { machine } from './support/machine.ts';
import { progress } from './support/progress.ts';

/** How much is measured. */
interface Sizes extends TransferSizes, InvocationSizes, EmulatorSizes {
  /** Share of each pattern's seeds. */
  readonly patterns: number;
  readonly coldStarts: number;
  readonly revisions: number;
}

const FULL: Sizes = {
  patterns: 1,
  coldStarts: 25,
  revisions: 9,
  transferMiB: 512,
  transfers: 9,
  invocationSeconds: 3,
  invocations: 5,
  botoMiB: 1024,
  botoTransfers: 2,
};
const QUICK: Sizes = {
  patterns: 0.1,
  coldStarts: 5,
  revisions: 1,
  transferMiB: 64,
  transfers: 3,
  invocationSeconds: 1,
  invocations: 2,
  botoMiB: 64,
  botoTransfers: 1,
};

async function measure(sizes: Sizes): Promise<Results> {
  const before = machine();
  const compiled = await progress('local runtime, compiled', async () => compileRuntime());
  return {
    machine: before,
    bundle: await progress('cold starts', (say) => measureBundle(sizes.coldStarts, say)),
    transfers: await progress('uploads and downloads', (say) => measureTransfers(compiled, sizes, say)),
    invocations: await progress('invocations', (say) => measureInvocations(compiled, sizes, say)),
    emulators: await progress('emulators of others', (say) => measureEmulators(compiled, sizes, say)),
    revision: await progress('revisions', (say) => measureRevision(sizes.revisions, say)),
    copies: await progress('copies', measureCopies),
    storage: await progress('storage', measureStorage),
    rollback: await progress('rollback', measureRollback),
    idle: await progress('an idle endpoint', measureIdle),
    patterns: await progress('upload patterns', (say) => measurePatterns(sizes.patterns, say)),
  };
}

function writeReport(results: Results): void {
  writeFileSync(join(REPOSITORY, 'bench/results.json'), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(join(REPOSITORY, 'docs/benchmarks.svg'), chart(results));
  writeFileSync(join(REPOSITORY, 'docs/benchmarks.md'), markdownPage(results));
  console.log('Written: bench/results.json, docs/benchmarks.md, docs/benchmarks.svg');
}

const isQuick = process.argv.includes('--quick');
const results = await measure(isQuick ? QUICK : FULL);
console.log(terminalText(tables(results)));
const problems = insaneFigures(results);
if (problems.length > 0) {
  console.error(`Nothing is written: ${problems.length} figures are not sane.\n  ${problems.join('\n  ')}`);
  process.exitCode = 1;
} else if (isQuick) {
  console.log('All figures are sane. A quick run writes nothing.');
} else {
  writeReport(results);
}
