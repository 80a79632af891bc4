import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Environment variable with the name of the mutant that the engine has in a test. */
export const MUTANT_VARIABLE = 'FRESHPOINT_MUTANT';

const ROOT = join(import.meta.dirname, '../..');

/** A test that fails with a bug. */
export interface NamedTest {
  /** From the repository's root. */
  readonly file: string;
  /** A part of its name; names of its groups come before it, each with ` > `. */
  readonly name: string;
}

/** The part of Vitest's JSON report that is read. */
interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** Runs a test against the engine with this bug. Returns the first failure; undefined: all tests of the name passed. */
export async function failureOf(mutant: string, { file, name }: NamedTest): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'freshpoint-mutant-'));
  try {
    const report = join(folder, 'report.json');
    const pattern = name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
    const config = join(import.meta.dirname, 'vitest.config.ts');
    const options = ['--config', config, '-t', pattern, '--reporter', 'json', '--outputFile', report];
    const vitest = spawn(process.execPath, [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', file, ...options], {
      cwd: ROOT,
      env: { ...process.env, [MUTANT_VARIABLE]: mutant, TMPDIR: folder },
      stdio: 'ignore',
    });
    await once(vitest, 'exit');
    return firstFailure(JSON.parse(readFileSync(report, 'utf8')), { file, name });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A file that cannot be loaded, or that has no such test, proves nothing. */
function firstFailure({ testResults }: Report, { file, name }: NamedTest): string | undefined {
  const results = testResults.flatMap(({ assertionResults }) => assertionResults);
  const run = results.filter(({ status }) => status === 'passed' || status === 'failed');
  if (run.length === 0) throw new Error(`${file} has no test "${name}", or cannot be loaded`);
  const failed = run.find(({ status }) => status === 'failed');
  return failed && `${failed.fullName}: ${failed.failureMessages[0]}`;
}
