import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { JUSTIFIED } from './findings.ts';
import { modelArchive } from './model-archive.ts';
import { cfnLint, checkov } from './template-linters.ts';

const run = promisify(execFile);
const EXAMPLES = join(import.meta.dirname, '../../examples');

/** Runs each program of the examples that synthesizes, beside a first model. Returns the paths of the templates. */
async function examplesIn(folder: string): Promise<string[]> {
  await writeFile(join(folder, 'model.tar.gz'), await modelArchive('v1'));
  const programs = globSync('*/*.ts', { cwd: EXAMPLES }).filter((path) =>
    readFileSync(join(EXAMPLES, path), 'utf8').includes('.synth()'),
  );
  for (const program of programs) {
    const CDK_OUTDIR = join(folder, program.replaceAll('/', '-'));
    const env = { ...process.env, NODE_OPTIONS: '--conditions=source', CDK_OUTDIR };
    await run(process.execPath, [join(EXAMPLES, program)], { cwd: folder, env });
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
    expect(names).toEqual([
      ...['Adopt', 'Adopt', 'AdoptData', 'AdoptData', 'Async', 'Canary', 'Iris', 'Jobs', 'JobsData', 'Llm', 'LlmData'],
      ...['Pipeline', 'PipelineData', 'Registry', 'RegistryData', 'Release', 'ReleaseData', 'Serverless'],
    ]);
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
