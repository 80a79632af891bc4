import { shortRevision } from '@freshpoint/engine/policy/revision';
import type { EndpointState, Pin, Suspension } from '@freshpoint/engine/policy/state';
import { CommandFailure } from '../command-failure.ts';
import { type OutputFormat, withoutControlCharacters } from '../text.ts';
import type { EndpointAccount } from './account.ts';
import { editState } from './edit-state.ts';
import { quarantineEntryOf } from './quarantine-entry.ts';
import { chooseRevision } from './revision-choice.ts';
import { type RollbackEvent, rollbackReport } from './rollback-report.ts';
import { type WrittenPin, waitUntilServing } from './wait-until-serving.ts';

/** Arguments of `freshpoint rollback`. */
export interface RollbackArguments {
  readonly command: 'rollback';
  readonly endpoint: string;
  /** The first digits of a revision. Absent: the revision before the one that serves. */
  readonly to?: string;
  readonly reason?: string;
  /** Whether to wait until the revision serves. */
  readonly wait: boolean;
  readonly format: OutputFormat;
}

/** What the command needs from its process. */
export interface RollbackContext {
  readonly account: EndpointAccount;
  readonly write: (line: string) => void;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly pause: (ms: number) => Promise<void>;
  /** The name that is recorded with the pin. */
  readonly user: string;
}

/** Pins an earlier revision, and waits until it serves. Throws CommandFailure when it is refused or superseded. */
export async function runRollback(options: RollbackArguments, context: RollbackContext): Promise<void> {
  const { account } = context;
  const { endpoint } = options;
  const { spec, state } = await account.read(endpoint);
  if (!spec.data) {
    throw new CommandFailure(
      `The model data of ${endpoint} is in place, so no earlier revision is stored. Upload the earlier archive again.`,
    );
  }
  if (spec.queueUrl === undefined) {
    throw new CommandFailure(
      `The spec of ${endpoint} has no queue URL. Deploy its stack with this version of Freshpoint.`,
    );
  }
  if (state.lostAt !== undefined && options.to === undefined) {
    throw new CommandFailure(
      `The state of ${endpoint} was deleted and is being rebuilt, so it is not known what serves. ` +
        'Try again in a few minutes, or name a revision with --to.',
    );
  }
  const report = rollbackReport(options.format, context.write);
  const revision = chooseRevision(await account.history(spec.store), state, options);
  const written = await writePin(revision, options, context);
  report({ event: 'pinned', revision, text: `${endpoint} is pinned to ${shortRevision(revision)}` });
  if (state.suspension) report(suspended(revision, state.suspension));
  await enqueueReconcile(account, endpoint, spec.queueUrl);
  if (options.wait) await waitUntilServing(endpoint, written, context, report);
}

/** Records the pin in the state. */
function writePin(
  revision: string,
  { endpoint, reason }: RollbackArguments,
  { account, now, user }: RollbackContext,
): Promise<WrittenPin> {
  const pinned = (state: EndpointState) => {
    const quarantinedAt = quarantineEntryOf(state, revision)?.at;
    // A pin overrides older quarantine entries only, and this clock can be behind the controller's.
    const at = Math.max(now(), (quarantinedAt ?? 0) + 1);
    const pin: Pin = { revision, by: user, at, ...(reason !== undefined && { reason }) };
    return { state: { ...state, pin }, result: { pin, quarantinedAt } };
  };
  return editState(account, endpoint, pinned, 'The pin was not stored');
}

function suspended(revision: string, { by, reason }: Suspension): RollbackEvent {
  const who = withoutControlCharacters(reason === undefined ? by : `${by} (${reason})`);
  const text = `swaps are suspended by ${who}: the rollback waits until they are resumed`;
  return { event: 'suspended', revision, text, details: { by, reason } };
}

/** The request only saves time: the next sweep finds the pin too, so an error says that the pin is stored. */
async function enqueueReconcile(account: EndpointAccount, endpoint: string, queueUrl: string): Promise<void> {
  try {
    await account.enqueueReconcile(endpoint, queueUrl);
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    throw new CommandFailure(
      `${error.message} The pin is stored, and takes effect at the controller's next sweep.`,
      error,
    );
  }
}
