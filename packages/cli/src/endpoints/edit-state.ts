import { StateConflict } from '@freshpoint/engine/errors';
import type { EndpointState } from '@freshpoint/engine/policy/state';
import { CommandFailure } from '../command-failure.ts';
import type { EndpointAccount } from './account.ts';

/** Attempts to write the state. A concurrent write costs one; that many in a row mean that something is wrong. */
const MAX_EDITS = 5;

/** A changed state, and what the change came to. */
interface Edit<T> {
  readonly state: EndpointState;
  readonly result: T;
}

/**
 * Changes the state of an endpoint, unless the edit returns it as it is. The controller writes it too: after a
 * conflict, the state that is there now is changed. Throws CommandFailure, which begins with `undone`, when other
 * writes keep getting in between.
 */
export async function editState<T>(
  account: EndpointAccount,
  endpoint: string,
  edit: (state: EndpointState) => Edit<T>,
  undone: string,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const { spec, state, etag } = await account.read(endpoint);
    const edited = edit(state);
    if (edited.state === state) return edited.result;
    try {
      await account.write(spec.store, edited.state, etag);
      return edited.result;
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
      if (attempt < MAX_EDITS) continue;
      const problem = `other writes changed the state of ${endpoint} ${attempt} times in a row`;
      throw new CommandFailure(`${undone}: ${problem}. Try again.`, error);
    }
  }
}
