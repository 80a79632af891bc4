import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { chunksOf, runChunks, WORKER_FLAGS } from '../runs/batch.ts';
import type { Layout } from '../worlds/layout.ts';
import { synthesize } from '../worlds/templates.ts';
import { MUTANTS } from './mutants.ts';
import { type Mutant, mutate } from './mutate.ts';
import { failureOf } from './mutated-test.ts';

const USAGE = `Usage: npm run simulate:mutants [-- options]

Puts known bugs into a copy of the engine, one at a time, and fails unless seeds find each, or the story or the test
that it names.

Options:
  --check        Only check that each bug's place in the engine exists.
  --seeds <n>    Run at most n seeds for each bug. Default: 1500.
  --only <text>  Only the bugs whose names contain the text.
  --help         Print this help.`;

const { values } = parseArgs({
  options: {
    check: { type: 'boolean' },
    seeds: { type: 'string', default: '1500' },
    only: { type: 'string', default: '' },
    help: { type: 'boolean' },
  },
});

const ROOT = join(import.meta.dirname, '../..');
const ENGINE_SOURCE = 'packages/engine/src';
/** The workspaces that a run needs, and the needed parts of each. */
const WORKSPACES = [
  { name: 'cdk', folder: 'packages/cdk', parts: ['package.json', 'src/contract.ts'] },
  { name: 'engine', folder: 'packages/engine', parts: ['package.json', 'src'] },
  {
    name: 'simulator',
    folder: 'packages/simulator',
    parts: ['package.json', 'src', 'test/sagemaker/virtual-launcher.ts'],
  },
  { name: 'simulation', folder: 'simulation', parts: ['.'] },
] as const;
const CHUNK_SEEDS = 10;

interface HuntResult {
  readonly mutant: Mutant;
  /** Absent: not found. */
  readonly foundBy?: string;
  readonly violation?: string;
}

if (values.help) console.log(USAGE);
else {
  const chosen = MUTANTS.filter(({ name }) => name.includes(values.only));
  for (const mutant of chosen) mutate(mutant, readFileSync(join(ROOT, ENGINE_SOURCE, mutant.file), 'utf8'));
  console.log(`${chosen.length} mutants, each with exactly one place in the engine`);
  if (!values.check) await huntAll(chosen, Number(values.seeds));
}

async function huntAll(mutants: readonly Mutant[], maxSeeds: number): Promise<void> {
  const copy = mkdtempSync(join(tmpdir(), 'freshpoint-mutants-'));
  const results: HuntResult[] = [];
  try {
    copyWorkspaces(copy);
    const layouts = synthesize();
    for (const mutant of mutants) {
      const result = await hunt(mutant, { copy, layouts, maxSeeds });
      results.push(result);
      console.log(lineOf(result));
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  const survivors = results.filter(({ foundBy }) => foundBy === undefined);
  console.log(
    `\n${results.length - survivors.length} of ${results.length} mutants found within ${maxSeeds} seeds each`,
  );
  process.exitCode = survivors.length > 0 ? 1 : 0;
}

/** The workspaces, with `node_modules` that lead to the copies instead of the originals. */
function copyWorkspaces(copy: string): void {
  const modules = join(copy, 'node_modules');
  mkdirSync(join(modules, '@freshpoint'), { recursive: true });
  for (const { name, folder, parts } of WORKSPACES) {
    for (const part of parts) cpSync(join(ROOT, folder, part), join(copy, folder, part), { recursive: true });
    symlinkSync(join(copy, folder), join(modules, '@freshpoint', name));
  }
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (name !== '@freshpoint') symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  }
}

interface Hunt {
  readonly copy: string;
  readonly layouts: readonly Layout[];
  readonly maxSeeds: number;
}

/** Runs the test or the story that finds the bug, or else seeds until one fails. */
async function hunt(mutant: Mutant, { copy, layouts, maxSeeds }: Hunt): Promise<HuntResult> {
  if (mutant.test) {
    const failure = await failureOf(mutant.name, mutant.test);
    return failure === undefined ? { mutant } : { mutant, foundBy: 'a test', violation: failure };
  }
  const path = join(copy, ENGINE_SOURCE, mutant.file);
  const original = readFileSync(path, 'utf8');
  writeFileSync(path, mutate(mutant, original));
  try {
    if (mutant.story !== undefined) {
      const [violation] = await violationsOf(mutant.story, copy, layouts);
      return violation === undefined ? { mutant } : { mutant, foundBy: 'a story', violation: withoutTime(violation) };
    }
    const { runs, failures } = await runChunks({
      layouts,
      layout: mutant.layout,
      chunks: chunksOf(1, maxSeeds, CHUNK_SEEDS),
      workerUrl: pathToFileURL(join(copy, 'simulation/runs/worker.ts')),
      isEnough: (soFar) => soFar.failures.length > 0,
    });
    const violation = failures[0]?.violations[0];
    return violation === undefined
      ? { mutant }
      : { mutant, foundBy: `${runs} seeds`, violation: withoutTime(violation) };
  } finally {
    writeFileSync(path, original);
  }
}

/** Tells a story with the engine in the copy. */
function violationsOf(name: string, copy: string, layouts: readonly Layout[]): Promise<readonly string[]> {
  const worker = new Worker(join(copy, 'simulation/runs/story-worker.ts'), {
    workerData: { layouts, name },
    execArgv: WORKER_FLAGS,
  });
  return new Promise((resolve, reject) => {
    worker.on('message', resolve);
    worker.on('error', reject);
  });
}

/** A violation without its first word, which is when it occurred. */
function withoutTime(violation: string): string {
  return violation.replace(/^\S+\s+/, '');
}

function lineOf({ mutant, foundBy = 'NOT FOUND', violation = '' }: HuntResult): string {
  const width = Math.max(...MUTANTS.map(({ name }) => name.length));
  const [firstLine = ''] = violation.split('\n');
  return `${mutant.name.padEnd(width)}  ${foundBy.padEnd(10)}  ${firstLine}`;
}
