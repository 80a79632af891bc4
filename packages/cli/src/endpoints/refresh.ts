import { refreshAnew } from '@freshpoint/engine/policy/person-actions';
import { shortRevision } from '@freshpoint/engine/policy/revision';
import { type EndpointState, lastRead, quarantineEntryOf } from '@freshpoint/engine/policy/state';
import { CommandFailure } from '../command-failure.ts';
import type { OutputFormat } from '../text.ts';
import { type ActionContext, act, actorOf, refuseLost } from './act.ts';

/** Arguments of `freshpoint refresh`. */
export interface RefreshArguments {
  readonly command: 'refresh';
  readonly endpoint: string;
  /** Whether to roll the newest upload out although it serves, or another revision is pinned. */
  readonly force: boolean;
  readonly reason?: string;
  readonly format: OutputFormat;
}

/** Starts a pass of the controller; with --force, the newest upload is rolled out again. */
export async function runRefresh(options: RefreshArguments, context: ActionContext): Promise<void> {
  const { endpoint, force, reason, format } = options;
  const { account, write } = context;
  const { spec } = await account.read(endpoint);
  if (spec.queueUrl === undefined)
    throw new CommandFailure(`The spec of ${endpoint} has no queue URL. Deploy its stack.`);
  if (force) {
    const actor = actorOf(context, reason);
    await act(account, {
      endpoint,
      spec,
      act: (state) => {
        refuseLost(state, endpoint);
        refuseQuarantined(state, endpoint);
        return { action: refreshAnew(state, actor), result: true };
      },
      undone: 'Nothing was changed',
      done: 'The newest upload is rolled out again.',
    });
  } else {
    await account.enqueueReconcile(endpoint, spec.queueUrl);
  }
  const what = force ? 'the newest upload is rolled out again' : 'a pass is requested';
  const text = `${endpoint}: ${what}; \`freshpoint watch ${endpoint}\` shows it`;
  write(format === 'json' ? JSON.stringify({ event: 'requested', endpoint, force }) : text);
}

/** A quarantine stays, so nothing would be rolled out, and a pin would end for nothing. */
function refuseQuarantined(state: EndpointState, endpoint: string): void {
  const { revision = '' } = lastRead(state) ?? {};
  const entry = quarantineEntryOf(state, revision);
  if (!entry) return;
  const newest = shortRevision(revision);
  throw new CommandFailure(
    `The newest upload of ${endpoint}, ${newest}, is in quarantine, so nothing was changed. If the cause is mended, ` +
      `run \`freshpoint retry ${endpoint} ${newest}\` first. It was refused: ${entry.message ?? 'the reason is unknown.'}`,
  );
}
