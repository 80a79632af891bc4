import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT, run } from './outside.ts';

/** The version of the CDK that the apps of all languages use: the newest that each registry is known to serve. */
const CDK = '2.263.0';
const CONSTRUCTS = '10.5.1';
const JSII_RUNTIME = '1.140.0';

const HERE = import.meta.dirname;

/** What an app needs to be synthesized. */
export interface UsageApp {
  /** An empty folder outside the workspace. */
  readonly folder: string;
  /** The folder with the built packages of all languages. */
  readonly packages: string;
  /** The version of the packages. */
  readonly version: string;
  /** Where the cloud assembly is written. */
  readonly assembly: string;
}

/** Installs the package for a language, and synthesizes the app of that language with it. */
export type Synthesize = (app: UsageApp) => Promise<void>;

export const python: Synthesize = async ({ folder, packages, version, assembly }) => {
  await run('python3', ['-m', 'venv', 'venv'], { cwd: folder });
  const wheel = join(packages, 'python', `freshpoint_cdk-${version}-py3-none-any.whl`);
  const pinned = [`aws-cdk-lib==${CDK}`, `constructs==${CONSTRUCTS}`, `jsii==${JSII_RUNTIME}`];
  await run('venv/bin/pip', ['install', '--quiet', wheel, ...pinned], { cwd: folder });
  await run('venv/bin/python', [join(HERE, 'python/app.py')], { cwd: folder, env: { CDK_OUTDIR: assembly } });
};

/** The package's page on PyPI, as the package says it, once `python` has installed it into `folder`. */
export async function pythonPage(folder: string): Promise<string> {
  const program = "from importlib.metadata import metadata; print(metadata('freshpoint-cdk').get_payload())";
  return run('venv/bin/python', ['-c', program], { cwd: folder });
}

/** Synthesizes a Python program. */
export async function runPython(folder: string, program: string, assembly: string): Promise<void> {
  await run('venv/bin/python', ['-c', program], { cwd: folder, env: { CDK_OUTDIR: assembly } });
}

export const java: Synthesize = async ({ folder, packages, version, assembly }) => {
  await cp(join(HERE, 'java'), folder, { recursive: true });
  const properties = {
    // Its own: the user's would keep the package of an earlier build.
    'maven.repo.local': join(folder, 'repository'),
    'freshpoint.packages': join(packages, 'java'),
    'freshpoint.version': version,
    'cdk.version': CDK,
  };
  const args = Object.entries(properties).map(([name, value]) => `-D${name}=${value}`);
  const env = { CDK_OUTDIR: assembly };
  await run('mvn', ['--batch-mode', '--quiet', ...args, 'compile', 'exec:java'], { cwd: folder, env });
};

export const typescript: Synthesize = async ({ folder, packages, version, assembly }) => {
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'usage', private: true, type: 'module' }));
  // The registry as it is configured for this repository.
  await cp(join(ROOT, '.npmrc'), join(folder, '.npmrc'));
  await cp(join(HERE, 'typescript/app.ts'), join(folder, 'app.ts'));
  const tarball = join(packages, 'js', `cdk@${version}.jsii.tgz`);
  const wanted = [tarball, `aws-cdk-lib@${CDK}`, `constructs@${CONSTRUCTS}`];
  await run('npm', ['install', '--ignore-scripts', ...wanted], { cwd: folder });
  // aws-cdk-lib's types name `Disposable`.
  const libraries = ['--target', 'es2022', '--lib', 'es2022,esnext.disposable'];
  const options = ['--module', 'nodenext', ...libraries, '--strict', '--noEmit', '--ignoreConfig'];
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [tsc, ...options, 'app.ts'], { cwd: folder });
  await run(process.execPath, ['app.ts'], { cwd: folder, env: { CDK_OUTDIR: assembly } });
};

export const go: Synthesize = async ({ folder, packages, assembly }) => {
  await cp(join(HERE, 'go'), folder, { recursive: true });
  const module = 'github.com/freshpoint/freshpoint-go/freshpointcdk';
  await run('go', ['mod', 'edit', `-replace=${module}=${join(packages, 'go/freshpointcdk')}`], { cwd: folder });
  await run('go', ['build', '-mod=mod', '-o', 'usage', '.'], { cwd: folder });
  await run(join(folder, 'usage'), [], { cwd: folder, env: { CDK_OUTDIR: assembly } });
};

/** The text of each template and asset manifest in a cloud assembly. */
export async function contentsOf(assembly: string): Promise<Record<string, string>> {
  const names = (await readdir(assembly)).filter((name) => /\.(template|assets)\.json$/.test(name)).sort();
  const files = names.map(async (name) => [name, await readFile(join(assembly, name), 'utf8')] as const);
  return Object.fromEntries(await Promise.all(files));
}
