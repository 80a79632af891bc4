import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { contentsOf, go, java, python, pythonPage, runPython, type Synthesize, typescript } from './apps.ts';
import { makeOutside, ROOT, run } from './outside.ts';
import { uploadsAndAnswers } from './refresh.ts';

/** Debian has no Go that is new enough, so it may be missing. */
const HAS_GO = spawnSync('go', ['version']).status === 0;

describe('the packages, used outside the workspace', () => {
  let outside: Awaited<ReturnType<typeof makeOutside>>;
  let version: string;
  const packages = () => join(outside.path, 'packages');
  const assemblyOf = (language: string) => join(outside.path, `${language}-assembly`);

  async function build(...args: string[]): Promise<void> {
    const script = join(ROOT, 'scripts/package-languages.ts');
    await run(process.execPath, [script, '--outdir', packages(), ...args], { cwd: ROOT });
  }

  async function synthesize(language: string, app: Synthesize): Promise<Record<string, string>> {
    const folder = join(outside.path, language);
    await mkdir(folder);
    await app({ folder, packages: packages(), version, assembly: assemblyOf(language) });
    return contentsOf(assemblyOf(language));
  }

  beforeAll(async () => {
    outside = await makeOutside();
    version = JSON.parse(await readFile(join(ROOT, 'packages/cdk/package.json'), 'utf8')).version;
    await build('js', 'python', 'java');
    await build('--code-only', 'go', 'dotnet');
  });
  afterAll(() => outside?.remove());

  let expected: Record<string, string>;
  test('a TypeScript app compiles and synthesizes', async () => {
    expected = await synthesize('typescript', typescript);
    expect(Object.keys(expected)).toEqual([
      'Usage.assets.json',
      'Usage.template.json',
      'UsageData.assets.json',
      'UsageData.template.json',
    ]);
    expect(expected['Usage.template.json']).toContain('AWS::SageMaker::EndpointConfig');
  });

  const sameAs = (language: string, app: Synthesize) => async (context: TestContext) => {
    context.expect(await synthesize(language, app)).toEqual(expected);
  };
  test('a Python app synthesizes to the same templates and assets', { concurrent: true }, sameAs('python', python));
  test('a Java app synthesizes to the same templates and assets', { concurrent: true }, sameAs('java', java));
  test.skipIf(!HAS_GO)('a Go app synthesizes to the same templates and assets', { concurrent: true }, sameAs('go', go));

  test("the .NET package's sources are generated; nothing here compiles them", async () => {
    const folder = join(packages(), 'dotnet/Freshpoint.Cdk');
    expect(await readdir(folder)).toContain('Freshpoint.Cdk.csproj');
    expect(await readdir(join(folder, 'Freshpoint/Cdk'))).toContain('SagemakerEndpoint.cs');
  });

  test('the page of the Python package shows Python, which synthesizes', async () => {
    const folder = join(outside.path, 'python');
    const page = await pythonPage(folder);
    expect(page).not.toContain('```ts');
    const [, program = ''] = /```python\n([\s\S]+?)```/.exec(page) ?? [];
    const assembly = join(outside.path, 'page-assembly');
    await runPython(folder, program, assembly);
    expect((await contentsOf(assembly))['Iris.template.json']).toContain('AWS::SageMaker::EndpointConfig');
  });

  test("the Python app's endpoint serves v1, and v2 once it is uploaded", async () => {
    expect(await uploadsAndAnswers(assemblyOf('python'), outside.path)).toEqual(['v1', 'v2']);
  });
});
