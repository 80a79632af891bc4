/*
 * Shows that the simulation finds bugs: puts each of mutations.ts into a copy of the engine and runs seeds until one fails.
 * Usage: node --conditions=source mutants.ts [--seeds N] [--only TEXT]
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { chunksOf, runBatch } from '../batch.ts';
import { type Layout, synthesize } from '../templates.ts';
import { MUTATIONS, type Mutation } from './mutants.ts';

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '600' }, only: { type: 'string' } },
});

const root = join(import.meta.dirname, '../..');
const PARTS = [
  'packages/engine/package.json',
  'packages/engine/src',
  'packages/engine/test/simulation',
  'packages/local/package.json',
  'packages/local/src',
  'packages/cdk/package.json',
  'packages/cdk/src/contract.ts',
];

interface Found {
  readonly mutation: Mutation;
  /** How many seeds it took; undefined: not found. */
  readonly seeds?: number;
  readonly violation: string;
}

const most = Number(values.seeds);
const chosen = MUTATIONS.filter(({ name }) => name.includes(values.only ?? ''));
for (const mutation of chosen) mutated(mutation);
const copy = mkdtempSync(join(tmpdir(), 'freshpoint-mutants-'));
const found: Found[] = [];
try {
  for (const part of PARTS) cpSync(join(root, part), join(copy, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const layouts = synthesize();
  for (const mutation of chosen) {
    const result = await hunt(mutation, layouts);
    found.push(result);
    console.log(line(result));
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
const survivors = found.filter(({ seeds }) => seeds === undefined);
console.log(`\n${found.length - survivors.length} of ${found.length} mutations found within ${most} seeds each`);
process.exitCode = survivors.length > 0 ? 1 : 0;

/** The mutated text of the file. Throws when the anchor isn't there exactly once. */
function mutated({ name, file, find, replace }: Mutation): string {
  const text = readFileSync(join(root, 'packages/engine/src', file), 'utf8');
  const count = text.split(find).length - 1;
  if (count !== 1) throw new Error(`"${name}": its anchor stands ${count} times in ${file}, expected once: ${find}`);
  return text.replace(find, () => replace);
}

async function hunt(mutation: Mutation, layouts: readonly Layout[]): Promise<Found> {
  const path = join(copy, 'packages/engine/src', mutation.file);
  const original = readFileSync(path, 'utf8');
  writeFileSync(path, mutated(mutation));
  try {
    const { runs, failures } = await runBatch({
      layouts,
      chunks: chunksOf(1, most, 10),
      workerUrl: pathToFileURL(join(copy, 'packages/engine/test/simulation/worker.ts')),
      isEnough: (soFar) => soFar.failures.length > 0,
    });
    return failures[0] ? { mutation, seeds: runs, violation: failures[0].violations[0]! } : { mutation, violation: '' };
  } finally {
    writeFileSync(path, original);
  }
}

function line({ mutation, seeds, violation }: Found): string {
  const width = Math.max(...MUTATIONS.map(({ name }) => name.length));
  const said = violation.replace(/^\S+\s+/, '').split('\n')[0]!;
  return `${mutation.name.padEnd(width)}  ${(seeds === undefined ? 'NOT FOUND' : `${seeds} seeds`).padEnd(9)}  ${said}`;
}
