import { execFile } from 'node:child_process';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { environmentOf } from './tools.ts';

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 64 * 1024 ** 2;

/** What a linter says of a resource. */
export interface LinterFinding {
  readonly rule: string;
  readonly template: string;
  readonly message: string;
}

/** What cfn-lint finds in the templates. */
export async function cfnLint(templates: readonly string[]): Promise<LinterFinding[]> {
  const output = await outputOf('cfn-lint', ['--regions', 'us-east-1', '--format', 'json', '--', ...templates]);
  const found: { Rule: { Id: string }; Filename: string; Message: string }[] = JSON.parse(output);
  return found.map(({ Rule, Filename, Message }) => ({
    rule: Rule.Id,
    template: basename(Filename),
    message: Message,
  }));
}

/** What checkov finds in the templates. */
export async function checkov(templates: readonly string[]): Promise<LinterFinding[]> {
  const options = ['--framework', 'cloudformation', '--quiet', '--compact', '--skip-download', '--output', 'json'];
  const output = await outputOf('checkov', [...options, ...templates.flatMap((path) => ['--file', path])]);
  const { results }: { results: { failed_checks: CheckovFailure[] } } = JSON.parse(output);
  return results.failed_checks.map(({ check_id, check_name, file_path, resource }) => ({
    rule: check_id,
    template: basename(file_path),
    message: `${check_name}: ${resource}`,
  }));
}

interface CheckovFailure {
  readonly check_id: string;
  readonly check_name: string;
  readonly file_path: string;
  readonly resource: string;
}

/** Each exits with a code of its own when it has findings. */
async function outputOf(tool: 'cfn-lint' | 'checkov', args: readonly string[]): Promise<string> {
  const environment = environmentOf(tool);
  // checkov keeps a cache in the temporary folder.
  const env = { ...process.env, TMPDIR: environment };
  try {
    return (await run(join(environment, 'bin', tool), args, { env, maxBuffer: MAX_OUTPUT_BYTES })).stdout;
  } catch (error) {
    const { stdout } = error as { stdout?: string };
    if (!stdout) throw error;
    return stdout;
  }
}
