import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

/** Licences of what users install: none that asks more than that it is named. */
const ALLOWED = new Set(['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT', 'MIT-0']);

/** What publint finds in a tarball. */
export async function lintProblems(tarball: string): Promise<string[]> {
  const { buffer, byteOffset, byteLength } = readFileSync(tarball);
  const { messages, pkg } = await publint({
    level: 'warning',
    pack: { tarball: buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer },
  });
  return (
    messages
      // The workspace's own condition: what it names is not published.
      .filter(({ path }) => !path.includes('source'))
      .map((message) => formatMessage(message, pkg) ?? message.code)
  );
}

/** What Are the Types Wrong? finds in a tarball's main entry. */
export function typeProblems(tarball: string): string[] {
  const { resolve } = createRequire(import.meta.url);
  const attw = join(dirname(resolve('@arethetypeswrong/cli/package.json')), 'dist/index.js');
  const { type } = JSON.parse(manifestIn(tarball)) as { readonly type?: string };
  const profile = type === 'module' ? 'esm-only' : 'strict';
  const args = [tarball, '--entrypoints', '.', '--profile', profile, '--format', 'ascii', '--no-color', '--no-emoji'];
  const { status, stdout, stderr } = spawnSync(process.execPath, [attw, ...args], { encoding: 'utf8' });
  return status === 0 ? [] : [`${stdout}${stderr}`];
}

function manifestIn(tarball: string): string {
  return spawnSync('tar', ['-xzOf', tarball, 'package/package.json'], { encoding: 'utf8' }).stdout;
}

/** Installed packages with a licence that is not allowed, or none. `folder` has only what users install. */
export function licenceProblems(folder: string): string[] {
  const lock = readFileSync(join(folder, 'node_modules/.package-lock.json'), 'utf8');
  const { packages } = JSON.parse(lock) as { readonly packages: Record<string, { readonly license?: string }> };
  return Object.entries(packages).flatMap(([path, { license = 'none' }]) => {
    const choices = license.replace(/^\(|\)$/g, '').split(' OR ');
    return choices.some((choice) => ALLOWED.has(choice)) ? [] : [`${path} has the licence ${license}`];
  });
}

/** Known vulnerabilities of what is installed in `folder`; undefined if the registry does not answer that. */
export function auditProblems(folder: string, env: NodeJS.ProcessEnv): string[] | undefined {
  const { stdout } = spawnSync('npm', ['audit', '--json'], { cwd: folder, env, encoding: 'utf8' });
  const { vulnerabilities } = JSON.parse(stdout) as { readonly vulnerabilities?: Record<string, { severity: string }> };
  if (vulnerabilities === undefined) return undefined;
  return Object.entries(vulnerabilities).map(([name, { severity }]) => `${name}: ${severity}`);
}
