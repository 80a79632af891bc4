import { StateConflict } from '@freshpoint/engine/errors';
import { shortRevision } from '@freshpoint/engine/policy/revision';
import type { EndpointState } from '@freshpoint/engine/policy/state';
import { CommandFailure, UsageError } from '../command-failure.ts';
import type { OutputFormat } from '../text.ts';
import type { EndpointAccount } from './account.ts';

/** Arguments of `freshpoint retry`. */
export interface RetryArguments {
  readonly command: 'retry';
  readonly endpoint: string;
  /** The first digits of a revision. Absent: the one that was quarantined last. */
  readonly revision?: string;
  readonly format: OutputFormat;
}

/** Attempts to write the state. A concurrent write costs one; that many in a row mean that something is wrong. */
const MAX_EDITS = 5;

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

/** The controller writes the state too. After a conflict, the state that is there now is changed. */
async function release(account: EndpointAccount, endpoint: string, digits: string | undefined): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const { state, etag, spec } = await account.read(endpoint);
    const revision = chooseFailed(state, endpoint, digits);
    try {
      await account.write(spec.store, without(state, revision), etag);
      return revision;
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
      if (attempt < MAX_EDITS) continue;
      throw new CommandFailure(
        `${shortRevision(revision)} is still in quarantine: other writes changed the state of ${endpoint} ` +
          `${attempt} times in a row. Try again.`,
        error,
      );
    }
  }
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
