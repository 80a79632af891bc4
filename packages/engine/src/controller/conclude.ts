import { StateConflict } from '../errors.ts';
import type { RefreshEvent } from '../policy/refresh-event.ts';
import type { StallEvent } from '../policy/stalled.ts';
import type { StoredState } from '../ports.ts';
import { type Decided, observeAndDecide } from './observe.ts';
import type { EndpointPass } from './pass.ts';
import { publish } from './publish.ts';
import { publishStall } from './stalls.ts';

/** Attempts to record what was published. Each further one needs yet another write within a pass. */
const MAX_WRITES = 5;

/**
 * Decides, publishes what the decision concludes, and records it before anything else is done. After a conflict, as
 * with a person's write, it is decided again; what was published is not published again.
 */
export async function decideAndPublish(pass: EndpointPass, recorded: StoredState): Promise<Decided> {
  const { ports, store } = pass;
  const published = new Set<string>();
  let known = recorded;
  for (let attempt = 1; ; attempt++) {
    const decided = await observeAndDecide(pass, known);
    const { events, stall, state } = decided.decision;
    const isNew = (event: RefreshEvent | StallEvent) => !published.has(idOf(event));
    await publish(pass, events.filter(isNew), state);
    await publishStall(pass, stall && isNew(stall) ? stall : undefined);
    for (const event of stall ? [...events, stall] : events) published.add(idOf(event));
    if (published.size === 0 || state === decided.observation.state) return decided;
    try {
      const etag = await ports.states.write(store, state, decided.etag);
      return { ...decided, observation: { ...decided.observation, state }, etag };
    } catch (error) {
      if (!(error instanceof StateConflict) || attempt === MAX_WRITES) throw error;
      const stored = await ports.states.read(store);
      // A state that was deleted meanwhile is rebuilt by a later pass.
      if (!stored || stored.state.lostAt !== undefined) throw error;
      known = stored;
    }
  }
}

function idOf(event: RefreshEvent | StallEvent): string {
  const { type, revision } = event;
  return `${type} ${revision} ${'since' in event ? event.since : event.startedAt}`;
}
