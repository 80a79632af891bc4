import type { ReconcileRequest } from '@freshpoint/cdk/contract';
import { POLL_SECONDS, pollSeconds } from '../policy/next.ts';
import type { Staging } from '../policy/state.ts';
import type { Ports } from '../ports.ts';
import { startBudget } from './budget.ts';
import { observeAndDecide } from './observe.ts';
import type { EndpointContext, EndpointPass, RecordedState } from './pass.ts';
import { publish } from './publish.ts';
import { endPass, type ReconcileResult } from './result.ts';
import { type Staged, stage } from './staging.ts';
import { measureStall, publishStall } from './stalls.ts';
import { swap } from './swap.ts';

/** Pause after a stale read of the state, in seconds: SSM's reads may lag behind its writes. */
const STALE_READ_SECONDS = 5;

/** What a request knows beside the endpoint's name. */
export type RequestHints = Pick<ReconcileRequest, 'stackId' | 'stateVersion'>;

/** A state that was read together with the id of the newest history record. */
type KnownState = RecordedState & { readonly lastRecord?: string };

/** One pass over one endpoint: observe, decide, record, act. Errors of the services are thrown. */
export async function reconcile(
  ports: Ports,
  endpoint: string,
  { stackId, stateVersion = 0 }: RequestHints = {},
): Promise<ReconcileResult> {
  const budget = startBudget(ports.now);
  const { spec, ...record } = await ports.records.read(endpoint);
  if (!spec) return withoutSpec({ ports, endpoint }, stackId);
  if (record.stateVersion < stateVersion) {
    const message = `Version ${stateVersion} of the state is not visible yet.`;
    const seconds = STALE_READ_SECONDS;
    ports.telemetry.decision({ endpoint, decision: 'requeue', reason: 'StateStale', message, seconds });
    return { kind: 'requeue', seconds };
  }
  const pass = { ports, endpoint, spec, budget };
  let known: KnownState = record;
  let staged: Staging | undefined;
  for (;;) {
    const result = await decideAndAct(pass, known, staged);
    if (result.kind !== 'staged') return result;
    // Everything may have changed during the copy, so it is observed again, the slot data included.
    known = result.known;
    staged = result.staging;
  }
}

/** One decision, recorded and carried out; `staged`: what this pass has staged already. */
async function decideAndAct(
  pass: EndpointPass,
  known: KnownState,
  staged: Staging | undefined,
): Promise<ReconcileResult | (Staged & { readonly known: KnownState; readonly staging: Staging })> {
  const { ports, endpoint, spec } = pass;
  const { decision, observation, stateVersion } = await observeAndDecide(pass, known, { staged });
  const lastRecord = await publish(pass, decision.events, known.lastRecord);
  const { next, state } = decision;
  await publishStall(pass, decision.stall);
  measureStall(pass, state);
  const recorded = { state, stateVersion };
  if (next.kind === 'swap') return swap(pass, recorded, next.updating);
  if (next.kind === 'stage' && staged) {
    // Slot data that disappears again must not keep the pass busy, so it stages once.
    const { reason, staging } = next;
    const message = 'The slot data changed after it was staged.';
    const seconds = pollSeconds(spec);
    return endPass(pass, { kind: 'requeue', reason, message, seconds, revision: staging.revision });
  }
  if (next.kind === 'stage') {
    const files = observation.sources?.kind === 'complete' ? observation.sources.files : [];
    const result = await stage(pass, recorded, { ...next, files });
    if (result.kind !== 'staged') return result;
    return { ...result, known: { ...result.recorded, lastRecord }, staging: next.staging };
  }
  if (state !== observation.state) await ports.records.write(endpoint, state, stateVersion);
  return endPass(pass, next);
}

/** The endpoint is gone, unless the stack that creates it is still being deployed. */
async function withoutSpec(
  { ports, endpoint }: EndpointContext,
  stackId: string | undefined,
): Promise<ReconcileResult> {
  if (stackId !== undefined && (await ports.stacks.describe(stackId)).kind === 'deploying') {
    const seconds = POLL_SECONDS;
    ports.telemetry.decision({ endpoint, decision: 'requeue', reason: 'StackBusy', seconds });
    return { kind: 'requeue', seconds };
  }
  ports.telemetry.decision({ endpoint, decision: 'done', reason: 'SpecGone' });
  return { kind: 'done' };
}
