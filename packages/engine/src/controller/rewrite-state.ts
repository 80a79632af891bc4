import { StateConflict } from '../errors.ts';
import type { EndpointState } from '../policy/state.ts';
import type { StoredState } from '../ports.ts';
import type { EndpointPass } from './pass.ts';

/** Attempts to write. Each further one needs yet another write within milliseconds. */
const MAX_WRITES = 5;

/**
 * Changes the state, also if another pass has written it since it was read as `known`. `change` returns undefined if
 * there is nothing to change any more. Throws StateConflict if other passes keep coming first.
 */
export async function rewriteState(
  { ports, store }: Pick<EndpointPass, 'ports' | 'store'>,
  known: StoredState | undefined,
  change: (state: EndpointState) => EndpointState | undefined,
): Promise<void> {
  let current = known;
  for (let attempt = 1; current; attempt++) {
    const changed = change(current.state);
    if (!changed) return;
    try {
      await ports.states.write(store, changed, current.etag);
      return;
    } catch (error) {
      if (!(error instanceof StateConflict) || attempt === MAX_WRITES) throw error;
      current = await ports.states.read(store);
    }
  }
}
