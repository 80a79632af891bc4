import { retryRevision } from '@freshpoint/engine/policy/person-actions';
import { shortRevision } from '@freshpoint/engine/policy/revision';
import type { EndpointState } from '@freshpoint/engine/policy/state';
import { CommandFailure, UsageError } from '../command-failure.ts';
import type { OutputFormat } from '../text.ts';
import { type ActionContext, act, actorOf, refuseLost } from './act.ts';

/** Arguments of `freshpoint retry`. */
export interface RetryArguments {
  readonly command: 'retry';
  readonly endpoint: string;
  /** The first digits of a revision. Absent: the one that failed last. */
  readonly revision?: string;
  readonly reason?: string;
  readonly format: OutputFormat;
}

/** Takes a revision out of quarantine, or ends the pause before its next attempt, and requests a reconciliation. */
export async function runRetry(options: RetryArguments, context: ActionContext): Promise<void> {
  const { endpoint, revision: digits, reason, format } = options;
  const { account, write } = context;
  const { spec } = await account.read(endpoint);
  const actor = actorOf(context, reason);
  const revision = await act(account, {
    endpoint,
    spec,
    act: (state) => {
      refuseLost(state, endpoint);
      const failed = chooseFailed(state, endpoint, digits?.toLowerCase());
      return { action: retryRevision(state, failed, actor), result: failed };
    },
    undone: 'The revision is still in quarantine',
    done: 'The revision is out of quarantine.',
  });
  const text = `${endpoint} tries ${shortRevision(revision ?? '')} again as soon as it is the revision that should serve`;
  write(format === 'json' ? JSON.stringify({ event: 'retrying', endpoint, revision }) : text);
}

/** Revisions that are quarantined or wait for their next attempt, the one that failed last first. */
export function retryableRevisions({ quarantine = [], retries }: EndpointState): string[] {
  const failed = [...quarantine, ...(retries ? [retries] : [])].sort((one, other) => other.at - one.at);
  return [...new Set(failed.map(({ revision }) => revision))];
}

/** The revision that the digits name, of those that are quarantined or wait for their next attempt. */
function chooseFailed(state: EndpointState, endpoint: string, digits = ''): string {
  const failed = retryableRevisions(state);
  const [match, ...others] = failed.filter((revision) => revision.startsWith(digits));
  if (failed.length === 0) {
    throw new CommandFailure(`No revision of ${endpoint} is in quarantine or waits for another attempt.`);
  }
  const listed = failed.map(shortRevision).join(', ');
  if (match === undefined) {
    throw new UsageError(`The revision is "${digits}", expected the first digits of one of: ${listed}.`);
  }
  if (digits !== '' && others.length > 0) {
    throw new UsageError(`The revision is "${digits}", which matches several: ${listed}. Add digits.`);
  }
  return match;
}
