import type { EndpointSpec } from '@freshpoint/cdk/contract';
import { pinRevision } from '@freshpoint/engine/policy/person-actions';
import { shortRevision } from '@freshpoint/engine/policy/revision';
import type { Suspension } from '@freshpoint/engine/policy/state';
import { CommandFailure } from '../command-failure.ts';
import { type OutputFormat, withoutControlCharacters } from '../text.ts';
import { type ActionContext, act, actorOf } from './act.ts';
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
export interface RollbackContext extends ActionContext {
  readonly pause: (ms: number) => Promise<void>;
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
  const written = await writePin(revision, { ...options, spec }, context);
  report({ event: 'pinned', revision, text: `${endpoint} is pinned to ${shortRevision(revision)}` });
  if (state.suspension) report(suspended(revision, state.suspension));
  if (options.wait && written) await waitUntilServing(endpoint, written, context, report);
}

/** Records the pin in the state. */
function writePin(
  revision: string,
  { endpoint, spec, reason }: RollbackArguments & { readonly spec: EndpointSpec },
  context: ActionContext,
): Promise<WrittenPin | undefined> {
  const actor = actorOf(context, reason);
  return act(context.account, {
    endpoint,
    spec,
    act: (state) => {
      return { action: pinRevision(state, revision, actor), result: { at: actor.at, revision } };
    },
    undone: 'The pin was not stored',
    done: 'The pin is stored.',
  });
}

function suspended(revision: string, { by, reason }: Suspension): RollbackEvent {
  const who = withoutControlCharacters(reason === undefined ? by : `${by} (${reason})`);
  const text = `swaps are suspended by ${who}: the rollback waits until they are resumed`;
  return { event: 'suspended', revision, text, details: { by, reason } };
}
