/** Vitest's global setup: installs what the tests run, unless it is installed. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EVENT_RULER, environmentOf, type PythonTool } from './tools.ts';

const run = promisify(execFile);
const TOOLS: readonly PythonTool[] = ['ministack', 'cfn-lint', 'checkov', 'model-servers', 'aws-cli'];

export default async function install(): Promise<void> {
  await Promise.all([installEventRuler(), ...TOOLS.map(installTool)]);
}

async function installTool(tool: PythonTool): Promise<void> {
  const folder = environmentOf(tool);
  const list = join(import.meta.dirname, 'requirements', `${tool}.txt`);
  await once(folder, await readFile(list, 'utf8'), async () => {
    await run('python3', ['-m', 'venv', folder]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-compile'];
    await run(join(folder, 'bin', 'python'), [...pip, '--no-deps', '--requirement', list]);
  });
}

async function installEventRuler(): Promise<void> {
  const pom = join(import.meta.dirname, 'event-ruler', 'pom.xml');
  await once(EVENT_RULER, await readFile(pom, 'utf8'), async () => {
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${EVENT_RULER}`];
    await run('mvn', ['--quiet', '--batch-mode', '--file', pom, ...goal]);
  });
}

/** Fills the folder unless it was filled from the same pins. */
async function once(folder: string, pins: string, fill: () => Promise<void>): Promise<void> {
  const installed = join(folder, 'installed.txt');
  if ((await readFile(installed, 'utf8').catch(() => '')) === pins) return;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await fill();
  await writeFile(installed, pins);
}
