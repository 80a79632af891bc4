import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Emptied by `npm ci`. */
const CACHE = join(import.meta.dirname, '../../node_modules/.cache/freshpoint-foreign');

/** Tools from PyPI, by the name of the list of what they need. */
export type PythonTool = 'ministack' | 'cfn-lint' | 'checkov';

/** The Python of a virtual environment that has the tool, installed if it is not yet. */
export async function pythonOf(tool: PythonTool): Promise<string> {
  const folder = join(CACHE, tool);
  const python = join(folder, 'bin', 'python');
  const list = join(import.meta.dirname, 'requirements', `${tool}.txt`);
  const pins = await readFile(list, 'utf8');
  const installed = join(folder, 'installed.txt');
  if ((await readFile(installed, 'utf8').catch(() => '')) === pins) return python;
  await rm(folder, { recursive: true, force: true });
  await run('python3', ['-m', 'venv', folder]);
  await run(python, ['-m', 'pip', 'install', '--quiet', '--no-deps', '--requirement', list]);
  await writeFile(installed, pins);
  return python;
}

/** The classpath of AWS's matcher of event patterns, from Maven Central. */
export async function eventRulerClasspath(): Promise<string> {
  const folder = join(CACHE, 'event-ruler');
  await mkdir(folder, { recursive: true });
  const pom = join(import.meta.dirname, 'event-ruler', 'pom.xml');
  await run('mvn', [
    '--quiet',
    '--batch-mode',
    '--file',
    pom,
    'dependency:copy-dependencies',
    `-DoutputDirectory=${folder}`,
  ]);
  return join(folder, '*');
}
