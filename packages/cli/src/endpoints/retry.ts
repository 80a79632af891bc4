import { shortRevision } from '@freshpoint/engine/policy/revision';
import type { EndpointState } from '@freshpoint/engine/policy/state';
import { CommandFailure, UsageError } from '../command-failure.ts';
import type { OutputFormat } from '../text.ts';
import type { EndpointAccount } from './account.ts';
import { editState } from './edit-state.ts';

/** Arguments of `freshpoint retry`. */
export interface RetryArguments {
  readonly command: 'retry';
  readonly endpoint: string;
  /** The first digits of a revision. Absent: the one that was quarantined last. */
  readonly revision?: string;
  readonly format: OutputFormat;
}

/** Takes a revision out of quarantine, or ends the pause before its next attempt, and requests a reconciliation. */
export async function runRetry(
  { endpoint, revision: digits, format }: RetryArguments,
  account: EndpointAccount,
  write: (line: string) => void,
): Promise<void> {
  const { spec } = await account.read(endpoint);
  const revision = await release(account, endpoint, digits?.toLowerCase());
  if (spec.queueUrl !== undefined) await account.enqueueReconcile(endpoint, spec.queueUrl);
  const shown = shortRevision(revision);
  const text = `${endpoint} tries ${shown} again as soon as it is the revision that should serve`;
  write(format === 'json' ? JSON.stringify({ event: 'retrying', endpoint, revision }) : text);
}

/** Takes the revision out of the state's quarantine and retries. */
function release(account: EndpointAccount, endpoint: string, digits: string | undefined): Promise<string> {
  const released = (state: EndpointState) => {
    const revision = chooseFailed(state, endpoint, digits);
    return { state: without(state, revision), result: revision };
  };
  return editState(account, endpoint, released, 'The revision is still in quarantine');
}

/** The revision that the digits name, of those that are quarantined or wait for their next attempt. */
function chooseFailed(state: EndpointState, endpoint: string, digits = ''): string {
  const quarantined = (state.quarantine ?? []).map(({ revision }) => revision);
  const waiting = state.retries ? [state.retries.revision] : [];
  const failed = [...new Set([...quarantined, ...waiting])];
  const [match, ...others] = failed.filter((revision) => revision.startsWith(digits));
  if (failed.length === 0) throw new CommandFailure(`No revision of ${endpoint} is in quarantine.`);
  const listed = failed.map(shortRevision).join(', ');
  if (match === undefined) {
    throw new UsageError(`The revision is "${digits}", expected the first digits of one of: ${listed}.`);
  }
  if (digits !== '' && others.length > 0) {
    throw new UsageError(`The revision is "${digits}", which matches several: ${listed}. Add digits.`);
  }
  return match;
}

function without(state: EndpointState, revision: string): EndpointState {
  const { quarantine, retries, ...rest } = state;
  const others = quarantine?.filter((entry) => entry.revision !== revision) ?? [];
  return {
    ...rest,
    ...(others.length > 0 && { quarantine: others }),
    ...(retries && retries.revision !== revision && { retries }),
  };
}
