import { stateKey } from '@freshpoint/cdk/contract';
import { StateConflict } from '../errors.ts';
import type { Conclusion } from '../policy/conclusion.ts';
import type { Observation } from '../policy/observation.ts';
import type { RefreshEvent } from '../policy/refresh-event.ts';
import { recordedUpdate } from '../policy/rollout.ts';
import type { StallEvent } from '../policy/stalled.ts';
import { type EndpointState, type QuarantineEntry, quarantineEntryOf } from '../policy/state.ts';
import type { StoredState } from '../ports.ts';
import { type Decided, observeAndDecide } from './observe.ts';
import type { EndpointPass } from './pass.ts';
import { type Publisher, publish, publishCurrent } from './publish.ts';
import type { ReconcileResult } from './result.ts';
import { recordStall } from './stalls.ts';

/** Attempts to record what was published. Each further one needs yet another write within a pass. */
const MAX_WRITES = 5;

/**
 * Decides, publishes what the decision concludes, and records it before anything else is done. After a conflict, as
 * with a person's write, it is decided again; what was published is not published again.
 */
export async function decideAndPublish(pass: EndpointPass, recorded: StoredState): Promise<Decided> {
  const published: PublishedStall = {};
  try {
    return await decideAndRecord(pass, recorded, published);
  } catch (error) {
    // Decided again, a stall or its end would be published again. An update's end only repeats its record.
    if (published.stall) await recordStall(pass, published.stall);
    throw error;
  }
}

/** What the state must get from a stall, or its end, that was published. */
interface PublishedStall {
  stall?: Pick<EndpointState, 'stalled'>;
}

async function decideAndRecord(pass: EndpointPass, recorded: StoredState, stalls: PublishedStall): Promise<Decided> {
  const { ports, store } = pass;
  const published = new Set<string>();
  let refused: readonly QuarantineEntry[] = [];
  let known = recorded;
  let seen: Observation | undefined;
  for (let attempt = 1; ; attempt++) {
    const decided = await observeAndDecide(pass, known, seen);
    const { decision, observation, etag } = decided;
    const { events, stall } = decision;
    const all = stall ? [...events, stall] : events;
    if (all.length === 0 && published.size === 0) return decided;
    let current = await ports.states.read(store);
    // Only then was the endpoint observed in this state: another pass may have concluded the update, and made the next.
    if (current?.etag === etag) {
      const state = withRefused(decision.state, refused);
      const isNew = (event: RefreshEvent | StallEvent) => !published.has(idOf(event));
      await publish(pass, { events: events.filter(isNew), state, ...(stall && isNew(stall) && { stall }) });
      for (const event of all) published.add(idOf(event));
      refused = entriesOf(state, events, refused);
      if (stall) stalls.stall = { stalled: state.stalled };
      const isKnown = state === observation.state && !stalls.stall;
      const written = isKnown ? etag : await write(pass, state, etag);
      if (written !== 'conflict') {
        return { decision: { ...decision, state }, observation: { ...observation, state }, etag: written };
      }
      current = await ports.states.read(store);
      seen = events.length > 0 && current && isSameUpdate(observation, current) ? observation : undefined;
    }
    // A state that was deleted meanwhile is rebuilt by a later pass.
    if (!current || current.state.lostAt !== undefined || attempt === MAX_WRITES)
      throw new StateConflict(stateKey(store));
    // A stall, or its end, was published before another writer came first.
    known = { ...current, state: { ...current.state, ...stalls.stall } };
  }
}

/**
 * Whether both states record the same update, whatever else was noted of it. What has ended it was seen and published:
 * it is recorded, whatever others do to the endpoint or the sources meanwhile.
 */
export function isSameUpdate(
  { state }: { readonly state: EndpointState },
  current: { readonly state: EndpointState },
): boolean {
  return JSON.stringify(currentUpdates(state)) === JSON.stringify(currentUpdates(current.state));
}

const currentUpdates = (state: EndpointState) => [recordedUpdate(state)?.at, state.deployment];

/** What a pass for a deployment has decided from. `publisher`: absent if there is nothing to publish. */
export interface DecidedConclusion {
  readonly publisher: Publisher | undefined;
  readonly recorded: StoredState;
  readonly decision: Conclusion;
}

/**
 * The same for a deployment that waits: publishes what its pass concludes, and records it at once. Staging may follow,
 * in which another pass would write the state.
 */
export async function decideForDeployment<Decided extends DecidedConclusion>(
  decide: (seen?: Decided) => Promise<Decided | ReconcileResult>,
): Promise<Decided | ReconcileResult> {
  const published = new Set<string>();
  let seen: Decided | undefined;
  for (let attempt = 1; ; attempt++) {
    const decided = await decide(seen);
    if ('kind' in decided) return decided;
    const { publisher, recorded, decision } = decided;
    if (!publisher || decision.events.length === 0) return decided;
    const events = decision.events.filter((event) => !published.has(idOf(event)));
    await publishCurrent(publisher, recorded, { ...decision, events });
    for (const event of events) published.add(idOf(event));
    const etag = await write({ ports: publisher.ports, store: publisher.spec.store }, decision.state, recorded.etag);
    if (etag !== 'conflict') return { ...decided, recorded: { state: decision.state, etag } };
    if (attempt === MAX_WRITES) throw new StateConflict(stateKey(publisher.spec.store));
    seen = decided;
  }
}

async function write(
  { ports, store }: Pick<EndpointPass, 'ports' | 'store'>,
  state: EndpointState,
  after: string | undefined,
): Promise<string | 'conflict'> {
  try {
    return await ports.states.write(store, state, after);
  } catch (error) {
    if (error instanceof StateConflict) return 'conflict';
    throw error;
  }
}

/** The entries in the quarantine of what was published as refused. */
function entriesOf(
  { quarantine = [] }: EndpointState,
  events: readonly RefreshEvent[],
  before: readonly QuarantineEntry[],
): QuarantineEntry[] {
  const revisions = events
    .filter(({ type, retried }) => type === 'refused' && !retried)
    .map(({ revision }) => revision);
  return [...before, ...quarantine.filter(({ revision }) => revisions.includes(revision))];
}

/** A refusal that was published holds even if a person's write keeps it from being decided again. */
function withRefused(state: EndpointState, refused: readonly QuarantineEntry[]): EndpointState {
  const isMissing = ({ revision }: QuarantineEntry) => !quarantineEntryOf(state, revision);
  const missing = refused.filter(isMissing);
  return missing.length > 0 ? { ...state, quarantine: [...missing, ...(state.quarantine ?? [])] } : state;
}

function idOf(event: RefreshEvent | StallEvent): string {
  const { type, revision } = event;
  return `${type} ${revision} ${'since' in event ? event.since : event.startedAt}`;
}
