/*
 * Builds what can't run from source, the refresher's bundle, the console's page and the jsii package, and skips what
 * is newer than its sources. With --all, also what is published: the JavaScript of the other packages, and each
 * package's licence.
 * Usage: node scripts/build.ts [--all] [--quiet]
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { minify } from 'terser';
import { slimSdk } from './slim-sdk.ts';
import { thirdPartyNotices } from './third-party.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const all = process.argv.includes('--all');
const quiet = process.argv.includes('--quiet');
const cdk = join(root, 'packages/cdk');
const bundle = join(cdk, 'assets/refresher/index.cjs');
const notices = join(cdk, 'assets/THIRD-PARTY-NOTICES');
const page = join(root, 'packages/cli/assets/console');

function newest(patterns: readonly string[]): number {
  return Math.max(...globSync(patterns, { cwd: root }).map((path) => statSync(join(root, path)).mtimeMs));
}

function isStale(output: string, sources: readonly string[]): boolean {
  return all || !existsSync(output) || statSync(output).mtimeMs < newest(sources);
}

function run(script: string, args: readonly string[], cwd: string): void {
  const { status } = spawnSync(process.execPath, [script, ...args], { cwd, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

async function step(title: string, work: () => Promise<void> | void): Promise<void> {
  const started = Date.now();
  if (!quiet || process.stdout.isTTY) process.stderr.write(`${title} … `);
  await work();
  if (!quiet || process.stdout.isTTY) process.stderr.write(`${((Date.now() - started) / 1000).toFixed(1)} s\n`);
}

/** The function's code: one file, which the construct ships as an asset; beside it, the licences of what is in it. */
async function bundleRefresher(): Promise<void> {
  mkdirSync(dirname(bundle), { recursive: true });
  const { metafile } = await build({
    entryPoints: [join(root, 'packages/engine/src/lambda/index.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    minify: true,
    // The ES module builds of the SDK: less than half the size, half the cold start.
    mainFields: ['module', 'main'],
    conditions: ['source', 'module'],
    // `import('node:http')` reads every export, and one of them is a WebSocket that loads undici; `require` does not.
    supported: { 'dynamic-import': false },
    plugins: [slimSdk],
    legalComments: 'none',
    metafile: true,
    absWorkingDir: root,
    logLevel: 'warning',
  });
  writeFileSync(notices, thirdPartyNotices(metafile, root));
  // What esbuild leaves that a second minifier removes: three percent.
  const { code = '' } = await minify(readFileSync(bundle, 'utf8'), { ecma: 2020, toplevel: true });
  writeFileSync(bundle, code);
}

/** The console's page: what a browser loads, of the command's sources and Preact. */
async function bundlePage(): Promise<void> {
  const from = join(root, 'packages/cli/page');
  const preact = createRequire(join(from, 'main.tsx')).resolve('preact/package.json');
  mkdirSync(page, { recursive: true });
  for (const name of ['index.html', 'page.css']) copyFileSync(join(from, name), join(page, name));
  await build({
    entryPoints: [join(from, 'main.tsx')],
    outfile: join(page, 'page.js'),
    bundle: true,
    platform: 'browser',
    target: 'es2022',
    format: 'esm',
    minify: true,
    conditions: ['source'],
    tsconfig: join(from, 'tsconfig.json'),
    // Preact's licence asks for it.
    banner: { js: `/*! Contains Preact:\n${readFileSync(join(dirname(preact), 'LICENSE'), 'utf8')}*/` },
    logLevel: 'warning',
  });
}

function compileConstructs(): void {
  const jsii = createRequire(join(cdk, 'package.json')).resolve('jsii/bin/jsii');
  const { status, stdout, stderr } = spawnSync(process.execPath, [jsii, '--silence-warnings=reserved-word'], {
    cwd: cdk,
    encoding: 'utf8',
  });
  if (status === 0) return;
  process.stderr.write(`\n${stdout}${stderr}`);
  process.exit(status ?? 1);
}

function compileLocalRuntime(): void {
  const folder = join(root, 'packages/local');
  rmSync(join(folder, 'dist'), { recursive: true, force: true });
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
  // What it is made of and is not published itself: `#archive` and `#simulator` in the package's imports.
  for (const project of ['archive', 'simulator', 'build'])
    run(tsc, ['-p', join(folder, `tsconfig.${project}.json`)], folder);
  for (const name of ['python-host.py', 'python-containers.py']) {
    copyFileSync(join(folder, 'src/model-hosts', name), join(folder, 'dist/model-hosts', name));
  }
}

async function bundleCommand(): Promise<void> {
  const folder = join(root, 'packages/cli');
  const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  rmSync(join(folder, 'dist'), { recursive: true, force: true });
  await build({
    entryPoints: [join(folder, 'src/main.ts')],
    outdir: join(folder, 'dist'),
    bundle: true,
    // Each command loads only what it needs.
    splitting: true,
    // Dependencies stay outside; what it imports of the engine and the contract, which are not published, is bundled.
    external: Object.keys({ ...dependencies, ...peerDependencies }),
    conditions: ['source'],
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'warning',
  });
}

const shared = ['package-lock.json', 'scripts/{build,slim-sdk,third-party}.ts', 'packages/cdk/src/contract.ts'];
if (isStale(bundle, ['packages/engine/src/**/*.ts', ...shared])) await step('refresher bundle', bundleRefresher);
if (isStale(join(page, 'page.js'), ['packages/cli/{page,src}/**/*', ...shared])) {
  await step("the console's page", bundlePage);
}
if (isStale(join(cdk, '.jsii'), ['packages/cdk/src/**/*.ts', 'packages/cdk/package.json'])) {
  await step('@freshpoint/cdk (jsii)', compileConstructs);
}
if (all) {
  await step('packages/local/dist', compileLocalRuntime);
  await step('packages/cli/dist', bundleCommand);
  for (const name of ['cdk', 'local', 'cli']) {
    copyFileSync(join(root, 'LICENSE'), join(root, 'packages', name, 'LICENSE'));
  }
}
