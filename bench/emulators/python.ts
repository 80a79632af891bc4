import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../support/cache.ts';

/** Emptied by `npm ci`. */
const ENVIRONMENT = join(REPOSITORY, 'node_modules/.cache/freshpoint-bench-python');
const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');

/** Installs the emulators and boto3 from PyPI, unless they are installed. Returns the folder of their programs. */
export function installEmulators(): string {
  const installed = join(ENVIRONMENT, 'installed.txt');
  const pins = readFileSync(REQUIREMENTS, 'utf8');
  const bin = join(ENVIRONMENT, 'bin');
  if (existsSync(installed) && readFileSync(installed, 'utf8') === pins) return bin;
  rmSync(ENVIRONMENT, { recursive: true, force: true });
  mkdirSync(ENVIRONMENT, { recursive: true });
  execFileSync('python3', ['-m', 'venv', ENVIRONMENT]);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps'];
  execFileSync(join(bin, 'python'), [...pip, '--requirement', REQUIREMENTS]);
  writeFileSync(installed, pins);
  return bin;
}
