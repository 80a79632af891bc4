import { isOutdated, lastMoveOf } from '../policy/endpoint-status.ts';
import { LEASE_TTL_MS } from '../policy/lease.ts';
import { OUTDATED_SECONDS, shortPollSeconds } from '../policy/next.ts';
import type { EndpointView } from '../policy/observation.ts';
import { rebuildState } from '../policy/rebuilt-state.ts';
import { lostState } from '../policy/state.ts';
import { withSources } from '../policy/target.ts';
import type { ReadSpec, StoredState } from '../ports.ts';
import type { PassBudget } from './budget.ts';
import { observeSources, type SourcesReading } from './listing.ts';
import type { EndpointContext } from './pass.ts';
import { tryToRead } from './try-to.ts';
import { saveUnfinished } from './unfinished.ts';

/** Records that a lost state is rebuilt from: an outage of three days with a retry every 45 minutes leaves 100. */
const MAX_REMEMBERED_RECORDS = 500;

/** The state, or that the pass ends because it is not known yet. */
export type KnownState =
  | { readonly kind: 'known'; readonly recorded: StoredState }
  | { readonly kind: 'requeue'; readonly seconds: number };

/** What needs the state. */
type Asker = 'pass' | 'deployment';

type DeclaredEndpoint = EndpointContext & { readonly spec: ReadSpec; readonly budget: PassBudget };

/** One whose state was lost, with the answer of DescribeEndpoint. */
type LostEndpoint = DeclaredEndpoint & { readonly view: EndpointView; readonly by: Asker };

/**
 * Reads the state of an endpoint that its stack declares. If there is none, because it was deleted by hand, it is
 * rebuilt. That waits until no pass that knew the lost state can be running, because such a pass may still copy, or
 * call UpdateEndpoint; and, unless the deployment itself asks, until the stack is not being deployed.
 */
export async function readState(endpoint: DeclaredEndpoint, by: Asker): Promise<KnownState> {
  const { ports, spec } = endpoint;
  const stored = await ports.states.read(spec.store);
  if (stored && (stored.state.lostAt === undefined || stored.state.endedAt !== undefined)) {
    return bySpec(endpoint, stored);
  }
  if (!stored && (await isBeingDeleted(endpoint))) return wait(endpoint, shortPollSeconds(spec));
  const isFound = stored?.state.lostAt !== undefined && stored.state.lostAt <= ports.now();
  const marked = isFound ? stored : await markLost(endpoint, stored);
  const view = await ports.endpoints.describe(spec.endpointName);
  // There is nothing left to serve.
  if (view === 'gone') return { kind: 'known', recorded: marked };
  // Of two swaps, the slot that this answer shows as idle would be the one that serves.
  if (isOutdated(view, marked.state)) return wait(endpoint, shortPollSeconds(spec));
  const lost = { ...endpoint, view, by };
  const known = await withOrder(lost, marked);
  if (known.kind === 'requeue') return known;
  const { lostAt = ports.now() } = known.recorded.state;
  const leftMs = lostAt + LEASE_TTL_MS - ports.now();
  if (leftMs > 0) return wait(endpoint, Math.ceil(Math.min(leftMs, LEASE_TTL_MS) / 1000));
  if (by === 'pass' && (await ports.stacks.describe(spec.stackId)).kind === 'deploying') {
    return wait(endpoint, shortPollSeconds(spec));
  }
  return rebuild(lost, known.recorded);
}

/**
 * The state, with the time of the spec that the pass judges it by. An earlier spec than that of an earlier pass is from
 * before a deployment: its configs would say that the update in progress is of no slot. No pass can have read it longer
 * ago than a lease lasts: then the newer one was written by a clock that was ahead.
 */
function bySpec(declared: DeclaredEndpoint, { state, etag }: StoredState): KnownState {
  const { ports, spec } = declared;
  const { specModified = 0 } = state;
  if (spec.modified < specModified && ports.now() < specModified + LEASE_TTL_MS) {
    const message = 'SSM answered with an earlier spec of the endpoint.';
    return requeue(declared, { reason: 'StackBusy', message, seconds: OUTDATED_SECONDS });
  }
  if (spec.modified === specModified) return { kind: 'known', recorded: { state, etag } };
  return { kind: 'known', recorded: { state: { ...state, specModified: spec.modified }, etag } };
}

/** Records that the state is missing. `stored`: what a person has written since. */
async function markLost({ ports, spec }: DeclaredEndpoint, stored: StoredState | undefined): Promise<StoredState> {
  const state = { ...stored?.state, ...lostState(ports.now()) };
  return { state, etag: await ports.states.write(spec.store, state, stored?.etag) };
}

/**
 * Records at once what the state must be newer than: a pin that is set before it is rebuilt takes precedence over these
 * sources only, and an answer of DescribeEndpoint from before this one is outdated.
 */
async function withOrder(endpoint: LostEndpoint, stored: StoredState): Promise<KnownState> {
  const { ports, spec, view } = endpoint;
  const { moved } = stored.state;
  let state =
    moved?.endpointModified === view.lastModified ? stored.state : { ...stored.state, moved: lastMoveOf(view) };
  if (spec.data && !state.observed) {
    const sources = await readSources(endpoint, stored);
    if (sources.kind === 'unfinished') return saveUnfinished({ ...endpoint, store: spec.store }, stored, sources);
    if (sources.kind !== 'missing') state = withSources(spec, { ...state, listing: undefined }, sources);
  }
  if (state === stored.state) return { kind: 'known', recorded: stored };
  return { kind: 'known', recorded: { state, etag: await ports.states.write(spec.store, state, stored.etag) } };
}

async function readSources(
  { ports, endpoint, spec, budget, view, by }: LostEndpoint,
  { state }: StoredState,
): Promise<SourcesReading> {
  const known = { state, endpointModified: view.lastModified };
  const read = () => observeSources({ ports, budget, requests: [] }, spec, known);
  // A deployment, and its rollback, may have taken the permission to read the sources of the spec by now.
  const sources = await (by === 'pass' ? read() : tryToRead({ ports, endpoint }, read));
  return sources ?? { kind: 'missing', uris: [] };
}

/** A pass that outlives its stack must not create anew what the stack has deleted. */
async function isBeingDeleted({ ports, spec }: DeclaredEndpoint): Promise<boolean> {
  const { kind, status } = await ports.stacks.describe(spec.stackId);
  return kind === 'gone' || status.startsWith('DELETE') || status.startsWith('ROLLBACK');
}

async function rebuild(lost: LostEndpoint, stored: StoredState): Promise<KnownState> {
  const { ports, endpoint, spec, view } = lost;
  const sources = await readSources(lost, stored);
  if (sources.kind === 'unfinished') return saveUnfinished({ ...lost, store: spec.store }, stored, sources);
  const [slots, revisions, history] = await Promise.all([
    spec.data ? ports.revisions.observe(spec.data) : {},
    spec.data ? ports.revisions.list(spec.store) : [],
    ports.history.list(spec.store, MAX_REMEMBERED_RECORDS),
  ]);
  const remains = { ...stored.state, listing: undefined };
  const state = rebuildState({ spec, state: remains, endpoint: view, slots, revisions, sources, history });
  const etag = await ports.states.write(spec.store, state, stored.etag);
  ports.telemetry.decision({ endpoint, decision: 'done', reason: 'StateRebuilt' });
  return { kind: 'known', recorded: { state, etag } };
}

function wait(declared: DeclaredEndpoint, seconds: number): KnownState {
  const { bucket, prefix } = declared.spec.store;
  const message = `There was no state in s3://${bucket}/${prefix}. It is being rebuilt.`;
  return requeue(declared, { reason: 'StateLost', message, seconds });
}

function requeue(
  { ports, endpoint }: EndpointContext,
  why: { readonly reason: string; readonly message: string; readonly seconds: number },
): KnownState {
  ports.telemetry.decision({ endpoint, decision: 'requeue', ...why });
  return { kind: 'requeue', seconds: why.seconds };
}
