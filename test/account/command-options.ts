import { parseArgs } from 'node:util';
import { INSTANCE_DOLLARS_PER_HOUR, type InstanceType, isInstanceType } from './cost.ts';
import { SUFFIX } from './run-names.ts';

/** The command line could not be read. The message says why. */
export class UsageError extends Error {}

export interface CommandOptions {
  readonly account: boolean;
  /** Do not ask. */
  readonly yes: boolean;
  /** Folder of the answers. */
  readonly answers: string;
  readonly instanceType: InstanceType;
  /** Longest run before everything is deleted, in minutes. */
  readonly deadlineMinutes: number;
  /** Only delete what the run with this suffix made. */
  readonly deleteSuffix?: string;
  readonly help: boolean;
}

const DEFAULT_ANSWERS = '.freshpoint/answers';
/** A run on an account takes about 90 minutes. */
const DEFAULT_DEADLINE_MINUTES = 150;
const MOST_MINUTES = 600;

export const USAGE = `npm run e2e -- [--account] [options]

Deploys a stack, refreshes its endpoint twice, asks what docs/fidelity.md calls unverified, and deletes everything.
Without --account all of this happens on the local runtime.

  --account              on the AWS account of your credentials (AWS_PROFILE, AWS_REGION, …): this costs money
  --yes                  do not ask before anything is made
  --answers <folder>     where the answers are written (default ${DEFAULT_ANSWERS})
  --instance-type <type> one of ${Object.keys(INSTANCE_DOLLARS_PER_HOUR).join(', ')} (default ml.m5.large)
  --deadline <minutes>   after which everything is deleted (default ${DEFAULT_DEADLINE_MINUTES})
  --delete <suffix>      only delete what an earlier run left; with --account
  --help

exit code
  0  the path is as expected, and everything is deleted; also if answers differ from docs/fidelity.md
  1  the path is not as expected, or a probe could not be asked
  2  the command line is invalid
  3  nothing was made: no credentials, no region, not bootstrapped, or not confirmed
  4  something could not be deleted: the last lines say what
  130  ended by Ctrl-C, and everything is deleted
`;

/** Reads the command line. Throws UsageError. */
export function readOptions(args: readonly string[]): CommandOptions {
  const values = parsed(args);
  const instanceType = values['instance-type'] ?? 'ml.m5.large';
  if (!isInstanceType(instanceType)) {
    const known = Object.keys(INSTANCE_DOLLARS_PER_HOUR).join(', ');
    throw new UsageError(`--instance-type is ${instanceType}, whose price is not known here. Use one of ${known}.`);
  }
  const deadlineMinutes = Number(values.deadline ?? DEFAULT_DEADLINE_MINUTES);
  if (!(deadlineMinutes > 0 && deadlineMinutes <= MOST_MINUTES)) {
    throw new UsageError(`--deadline is ${values.deadline}; expected minutes, at most ${MOST_MINUTES}.`);
  }
  const { delete: deleteSuffix, account = false } = values;
  if (deleteSuffix !== undefined && !SUFFIX.test(deleteSuffix)) {
    throw new UsageError(`--delete is ${deleteSuffix}; expected the 8 hex digits that the run printed first.`);
  }
  if (deleteSuffix !== undefined && !account) {
    throw new UsageError('--delete needs --account: a local runtime ends with its run.');
  }
  return {
    account,
    yes: values.yes ?? false,
    answers: values.answers ?? DEFAULT_ANSWERS,
    instanceType,
    deadlineMinutes,
    deleteSuffix,
    help: values.help ?? false,
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        account: { type: 'boolean' },
        yes: { type: 'boolean' },
        answers: { type: 'string' },
        'instance-type': { type: 'string' },
        deadline: { type: 'string' },
        delete: { type: 'string' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
