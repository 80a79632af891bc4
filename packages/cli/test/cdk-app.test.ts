import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CommandFailure } from '../src/command-failure.ts';
import { findCdkApp, synthesizeApp } from '../src/local/cdk-app.ts';

const ACCOUNT = { accountId: '000000000000', region: 'us-east-1', partition: 'aws' };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'freshpoint-cdk-app-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const write = (name: string, content: unknown) =>
  writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));

/** Runs the app of the folder. */
async function run() {
  const app = await findCdkApp(folder);
  if (!app) throw new Error('There is no app.');
  await synthesizeApp(app, ACCOUNT, new AbortController().signal);
  return app;
}

describe('the app of a folder', () => {
  test('is what cdk.json says', async () => {
    await write('cdk.json', { app: 'make it', output: 'out', watch: { exclude: ['test'] }, context: { a: 1 } });
    await write('cdk.context.json', { b: 2 });
    expect(await findCdkApp(folder)).toMatchObject({
      ...{ folder, command: 'make it', assembly: join(folder, 'out'), unwatched: ['out', 'test'] },
      context: { a: 1, b: 2, 'aws:cdk:enable-path-metadata': true },
    });
  });

  test('is missing without cdk.json, or without an app in it', async () => {
    expect(await findCdkApp(folder)).toBeUndefined();
    await write('cdk.json', { context: {} });
    expect(await findCdkApp(folder)).toBeUndefined();
    await write('cdk.json', '{');
    await expect(findCdkApp(folder)).rejects.toThrow(/cdk\.json is not JSON/);
  });

  test.each([
    [{ app: 5 }, 'app is 5, expected a text'],
    [{ app: 'x', output: ['out'] }, 'output is ["out"], expected a text'],
  ])('%j is refused', async (settings, problem) => {
    await write('cdk.json', settings);
    await expect(findCdkApp(folder)).rejects.toThrow(`cdk.json: ${problem}`);
  });

  test('is run as CDK runs it', async () => {
    const print = 'process.stdout.write(JSON.stringify(process.env))';
    await write('app.cjs', `require('node:fs').writeFileSync('env.json', JSON.stringify(process.env)); ${print}`);
    await write('cdk.json', { app: `"${process.execPath}" app.cjs >app.out && echo done`, context: { a: 1 } });
    const { assembly } = await run();
    const env = JSON.parse(await readFile(join(folder, 'env.json'), 'utf8'));
    expect(env).toMatchObject({
      ...{ CDK_OUTDIR: assembly, CDK_DEFAULT_ACCOUNT: '000000000000', CDK_DEFAULT_REGION: 'us-east-1' },
      CDK_CONTEXT_JSON: expect.stringContaining('"a":1'),
    });
  });

  test('is blamed when it fails', async () => {
    await write('cdk.json', { app: 'exit 7' });
    const failed = run();
    await expect(failed).rejects.toThrow(CommandFailure);
    await expect(failed).rejects.toThrow('The app\'s command "exit 7" in cdk.json ended with status 7.');
  });
});
