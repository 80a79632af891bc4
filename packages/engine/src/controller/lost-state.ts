import type { EndpointSpec } from '@freshpoint/cdk/contract';
import { LEASE_TTL_MS } from '../policy/lease.ts';
import { pollSeconds } from '../policy/next.ts';
import { rebuildState } from '../policy/rebuilt-state.ts';
import { lostState } from '../policy/state.ts';
import type { StoredState } from '../ports.ts';
import type { PassBudget } from './budget.ts';
import { observeSources, saveListing } from './listing.ts';
import type { EndpointContext } from './pass.ts';
import { tryTo } from './try-to.ts';

/** Records that a lost state is rebuilt from: an outage of three days with a retry every 45 minutes leaves 100. */
const MAX_REMEMBERED_RECORDS = 500;

/** The state, or that the pass ends because it is not known yet. */
export type KnownState =
  | { readonly kind: 'known'; readonly recorded: StoredState }
  | { readonly kind: 'requeue'; readonly seconds: number };

type DeclaredEndpoint = EndpointContext & { readonly spec: EndpointSpec; readonly budget: PassBudget };

/**
 * Reads the state of an endpoint that its stack declares. If there is none, because it was deleted by hand, it is
 * rebuilt. That waits until no pass that knew the lost state can be running, because such a pass may still copy, or
 * call UpdateEndpoint; and, unless the deployment itself asks, until the stack is not being deployed.
 */
export async function readState(endpoint: DeclaredEndpoint, by: 'pass' | 'deployment'): Promise<KnownState> {
  const { ports, spec } = endpoint;
  const stored = await ports.states.read(spec.store);
  if (stored && (stored.state.lostAt === undefined || stored.state.endedAt !== undefined)) {
    return { kind: 'known', recorded: stored };
  }
  if (!stored && (await isBeingDeleted(endpoint))) return wait(endpoint, pollSeconds(spec));
  if (!stored) await ports.states.write(spec.store, lostState(ports.now()), undefined);
  const leftMs = stored?.state.lostAt === undefined ? LEASE_TTL_MS : stored.state.lostAt + LEASE_TTL_MS - ports.now();
  if (leftMs > 0 || !stored) return wait(endpoint, Math.ceil(Math.min(leftMs, LEASE_TTL_MS) / 1000));
  if (by === 'pass' && (await ports.stacks.describe(spec.stackId)).kind === 'deploying') {
    return wait(endpoint, pollSeconds(spec));
  }
  return rebuild(endpoint, stored, by);
}

/** A pass that outlives its stack must not create anew what the stack has deleted. */
async function isBeingDeleted({ ports, spec }: DeclaredEndpoint): Promise<boolean> {
  const { kind, status } = await ports.stacks.describe(spec.stackId);
  return kind === 'gone' || status.startsWith('DELETE') || status.startsWith('ROLLBACK');
}

async function rebuild(
  { ports, endpoint, spec, budget }: DeclaredEndpoint,
  stored: StoredState,
  by: 'pass' | 'deployment',
): Promise<KnownState> {
  const view = await ports.endpoints.describe(spec.endpointName);
  // There is nothing left to serve.
  if (view === 'gone') return { kind: 'known', recorded: stored };
  const known = { state: stored.state, endpointModified: view.lastModified };
  const read = () => observeSources({ ports, budget, requests: [] }, spec.sources, known);
  // A deployment, and its rollback, may have taken the permission to read the sources of the spec by now.
  const found = await (by === 'pass' ? read() : tryTo({ ports, endpoint }, read));
  const sources = found ?? ({ kind: 'missing', uris: [] } as const);
  if (sources.kind === 'unfinished')
    return saveListing({ ports, endpoint, store: spec.store }, stored, sources.listing);
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

function wait({ ports, endpoint, spec }: DeclaredEndpoint, seconds: number): KnownState {
  const { bucket, prefix } = spec.store;
  const message = `There was no state in s3://${bucket}/${prefix}. It is being rebuilt.`;
  ports.telemetry.decision({ endpoint, decision: 'requeue', reason: 'StateLost', message, seconds });
  return { kind: 'requeue', seconds };
}
