import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { JUSTIFIED } from './findings.ts';
import { cfnLint, checkov } from './template-linters.ts';

const run = promisify(execFile);
const EXAMPLES = join(import.meta.dirname, '../../examples');

/** Runs each program of the examples that synthesizes. Returns the paths of the templates. */
async function examplesIn(folder: string): Promise<string[]> {
  const programs = globSync('*/*.ts', { cwd: EXAMPLES }).filter((path) =>
    readFileSync(join(EXAMPLES, path), 'utf8').includes('.synth()'),
  );
  for (const program of programs) {
    const CDK_OUTDIR = join(folder, program.replaceAll('/', '-'));
    const env = { ...process.env, NODE_OPTIONS: '--conditions=source', CDK_OUTDIR };
    await run(process.execPath, [join(EXAMPLES, program)], { env });
  }
  return globSync('*/*.template.json', { cwd: folder }).map((path) => join(folder, path));
}

describe('in the templates of the examples', () => {
  let folder: string;
  let templates: string[];
  const found = new Set<string>();
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'freshpoint-templates-'));
    templates = await examplesIn(folder);
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('every example has its templates', () => {
    const names = templates.map((path) => basename(path, '.template.json')).sort();
    expect(names).toEqual(
      expect.arrayContaining(['Iris', 'IrisApproved', 'IrisData', 'IrisRegistry', 'Llm', 'LlmData']),
    );
  });

  for (const linter of [cfnLint, checkov]) {
    test(`${linter.name} finds nothing but what is justified`, async () => {
      const findings = await linter(templates);
      for (const { rule } of findings) found.add(rule);
      expect(findings.filter(({ rule }) => !(rule in JUSTIFIED))).toEqual([]);
    });
  }

  test('every justified finding is still found', () => {
    expect(Object.keys(JUSTIFIED).filter((rule) => !found.has(rule))).toEqual([]);
  });
});
