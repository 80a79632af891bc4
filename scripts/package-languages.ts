/*
 * Builds the packages of @freshpoint/cdk for other languages from the jsii package, with the examples of its readme and
 * docstrings in those languages; each example must compile. Needs `npm run build` before.
 * Python and Java need python3 with venv, and Maven; with --code-only nothing is compiled.
 * Usage: node scripts/package-languages.ts [--code-only] [--outdir FOLDER] LANGUAGE...
 *   LANGUAGE: python, java, go, dotnet   FOLDER: by default packages/cdk/dist
 */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const cdk = join(dirname(dirname(fileURLToPath(import.meta.url))), 'packages/cdk');
const { resolve: find } = createRequire(join(cdk, 'package.json'));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'code-only': { type: 'boolean', default: false }, outdir: { type: 'string', default: join(cdk, 'dist') } },
});
const outdir = resolve(values.outdir);

function run(tool: string, args: readonly string[]): void {
  const script = join(dirname(find(`${tool}/package.json`)), 'bin', tool);
  const { status } = spawnSync(process.execPath, [script, ...args], { cwd: cdk, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

// Writes what it translates to .jsii.tabl.json, beside the assembly.
run('jsii-rosetta', ['extract', '--strict', cdk]);
run('jsii-pacmak', [
  ...['--rosetta-tablet', join(cdk, '.jsii.tabl.json'), '--rosetta-unknown-snippets', 'fail'],
  ...['--no-npmignore', '--outdir', outdir],
  ...(values['code-only'] ? ['--code-only'] : []),
  ...['--targets', ...positionals],
]);
