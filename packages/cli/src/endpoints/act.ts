import type { EndpointSpec } from '@freshpoint/cdk/contract';
import type { Actor, PersonAction } from '@freshpoint/engine/policy/person-actions';
import type { EndpointState } from '@freshpoint/engine/policy/state';
import { CommandFailure } from '../command-failure.ts';
import type { EndpointAccount } from './account.ts';
import { editState } from './edit-state.ts';

/** What a command that acts on an endpoint needs from its process. */
export interface ActionContext {
  readonly account: EndpointAccount;
  readonly write: (line: string) => void;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** The name that is recorded with the action. */
  readonly user: string;
}

/** A person's action on an endpoint. */
export interface RequestedAction<T> {
  readonly endpoint: string;
  readonly spec: EndpointSpec;
  /** The action on the state that is there now, and what it came to. Undefined: there is nothing to do. */
  readonly act: (state: EndpointState) => { readonly action: PersonAction; readonly result: T } | undefined;
  /** How an error begins that left the state as it was, and how one continues that came after it was written. */
  readonly undone: string;
  readonly done: string;
}

/** Who acts, now. */
export function actorOf({ now, user }: ActionContext, reason: string | undefined): Actor {
  return { by: user, at: now(), ...(reason !== undefined && { reason }) };
}

/** Refuses an action on what the state does not know yet. */
export function refuseLost({ lostAt }: EndpointState, endpoint: string): void {
  if (lostAt === undefined) return;
  throw new CommandFailure(`The state of ${endpoint} was deleted and is being rebuilt. Try again in a few minutes.`);
}

/**
 * Writes the action to the state and to the history, and requests a reconciliation, so that the controller acts within
 * seconds. Returns undefined when there was nothing to do.
 */
export async function act<T>(account: EndpointAccount, requested: RequestedAction<T>): Promise<T | undefined> {
  const { endpoint, spec, done } = requested;
  const edit = (state: EndpointState) => {
    const acted = requested.act(state);
    return { state: acted?.action.state ?? state, result: acted };
  };
  const acted = await editState(account, endpoint, edit, requested.undone);
  if (!acted) return undefined;
  await orSayWhatIsDone(`${done} The history does not have it.`, () =>
    account.appendHistory(spec.store, acted.action.record),
  );
  const { queueUrl } = spec;
  if (queueUrl !== undefined) {
    await orSayWhatIsDone(`${done} It takes effect at the controller's next sweep.`, () =>
      account.enqueueReconcile(endpoint, queueUrl),
    );
  }
  return acted.result;
}

/** Past the state's write, an error does not undo the action, so it says what is done. */
async function orSayWhatIsDone(done: string, run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    throw new CommandFailure(`${error.message} ${done}`, error);
  }
}
