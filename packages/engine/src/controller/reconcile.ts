import type { ReconcileRequest } from '@freshpoint/cdk/contract';
import { isDenied } from '../errors.ts';
import { SHORT_POLL_SECONDS, shortPollSeconds } from '../policy/next.ts';
import type { Ports, ReadSpec, StoredState } from '../ports.ts';
import { startBudget } from './budget.ts';
import { decideAndPublish } from './conclude.ts';
import { describeError } from './failed-call.ts';
import { readState } from './lost-state.ts';
import type { EndpointContext, EndpointPass, PassRequests } from './pass.ts';
import { endPass, type PassEnding, type ReconcileResult } from './result.ts';
import { type Staged, stage } from './staging.ts';
import { endHindered, measureStall } from './stalls.ts';
import { swap } from './swap.ts';

/** Pause after a spec was created during a pass, in seconds. */
const CREATED_SECONDS = 1;

/** One pass over one endpoint: observe, decide, record, act. Errors of the services are thrown. */
export async function reconcile(
  ports: Ports,
  { endpoint, stackId }: ReconcileRequest,
  requests: PassRequests,
): Promise<ReconcileResult> {
  const budget = startBudget(ports.now);
  let spec: ReadSpec | undefined;
  try {
    spec = await ports.specs.read(endpoint);
  } catch (error) {
    if (!isDenied(error)) throw error;
    return withoutPermission({ ports, endpoint }, error, stackId);
  }
  if (!spec) return withoutSpec({ ports, endpoint }, stackId);
  const known = await readState({ ports, endpoint, spec, budget }, 'pass');
  if (known.kind === 'requeue') return known;
  if (known.recorded.state.endedAt !== undefined) {
    const message = 'CloudFormation deletes the endpoint.';
    return endPass({ ports, endpoint }, { kind: 'done', reason: 'EndpointDeleted', message });
  }
  const pass = { ports, endpoint, spec, store: spec.store, budget, requests: requests.ids };
  return runPass(pass, known.recorded, requests.sentAt);
}

/** Decides and acts until the pass ends. */
async function runPass(
  pass: EndpointPass & { readonly spec: ReadSpec },
  recorded: StoredState,
  requestedAt: number | undefined,
): Promise<ReconcileResult> {
  let result = await decideAndAct({ ...pass, requestedAt }, recorded, undefined);
  if (result.kind === 'requeue' && result.settlesInWindow) {
    await pass.ports.sleep((result.seconds ?? 0) * 1000);
    const known = await readState(pass, 'pass');
    if (known.kind === 'requeue') return known;
    result = await decideAndAct(pass, known.recorded, undefined);
  }
  // Everything may have changed during the copy, so it is observed again, the slot data included.
  while (result.kind === 'staged') result = await decideAndAct(pass, result.recorded, result);
  return result;
}

/** One decision, recorded and carried out; `staged`: what this pass has staged already. */
async function decideAndAct(
  pass: EndpointPass,
  known: StoredState,
  staged: Staged | undefined,
): Promise<ReconcileResult | Staged> {
  const { ports, store, spec } = pass;
  const { decision, observation, etag } = await decideAndPublish(pass, known);
  const { next, state } = decision;
  measureStall(pass, known.state, state);
  const recorded = { state, etag };
  if (next.kind === 'swap') return swap(pass, recorded, next.updating);
  if (next.kind === 'stage' && staged) {
    // Slot data that disappears again must not keep the pass busy, so it stages once.
    const { reason, lease } = next;
    const message = 'The slot data changed after it was staged.';
    const seconds = shortPollSeconds(spec);
    const { revision } = lease;
    return endHindered(pass, recorded, { kind: 'requeue', reason, message, seconds, revision });
  }
  if (next.kind === 'stage') {
    const { sources } = observation;
    const isAtSources = sources?.kind === 'complete' && sources.revision === next.lease.revision;
    return stage(pass, recorded, { ...next, ...(isAtSources && { files: sources.files }) });
  }
  if (state !== observation.state) await ports.states.write(store, state, etag);
  const ending = endPass(pass, next);
  const isSoon = ending.kind === 'requeue' && !observation.sources?.resumed && isSoonSettled(pass, next);
  return isSoon ? { ...ending, settlesInWindow: true } : ending;
}

/**
 * Whether the revision settles within the batching window. Another request may have opened the window early; back in
 * the queue, this one would come a whole window later.
 */
function isSoonSettled({ ports }: EndpointPass, next: PassEnding): boolean {
  if (next.kind !== 'requeue' || next.reason !== 'Settling' || next.seconds === undefined) return false;
  return next.seconds <= ports.queue.batchingWindow;
}

/** The endpoint is gone, unless the stack that creates it is still being deployed. */
async function withoutSpec(
  { ports, endpoint }: EndpointContext,
  stackId: string | undefined,
): Promise<ReconcileResult> {
  if (stackId !== undefined) {
    const isDeploying = (await ports.stacks.describe(stackId)).kind === 'deploying';
    // The deployment may have created the spec, and ended, since the spec was read.
    const isCreated = !isDeploying && (await ports.specs.read(endpoint)) !== undefined;
    if (isDeploying || isCreated) {
      const seconds = isDeploying ? SHORT_POLL_SECONDS : CREATED_SECONDS;
      ports.telemetry.decision({ endpoint, decision: 'requeue', reason: 'StackBusy', seconds });
      return { kind: 'requeue', seconds };
    }
  }
  ports.telemetry.decision({ endpoint, decision: 'done', reason: 'SpecGone' });
  return { kind: 'done' };
}

/**
 * A stack grants the role to read the spec of each of its endpoints. If the role may not, the stack has taken the
 * endpoint out, unless it is being deployed: then the permission may be on its way.
 */
async function withoutPermission(
  { ports, endpoint }: EndpointContext,
  denial: unknown,
  stackId: string | undefined,
): Promise<ReconcileResult> {
  const stackName = endpoint.slice(0, endpoint.indexOf('/'));
  ports.telemetry.error(endpoint, denial, 0);
  const message = describeError(denial, { stackId: stackId ?? '' }, 'Nothing follows');
  try {
    const { kind } = await ports.stacks.describe(stackId ?? stackName);
    if (kind === 'deploying') {
      ports.telemetry.decision({ endpoint, decision: 'requeue', reason: 'StackBusy', seconds: SHORT_POLL_SECONDS });
      return { kind: 'requeue', seconds: SHORT_POLL_SECONDS };
    }
    if (kind === 'idle') {
      // The stack still lets the role describe it, so it may be others who deny the spec. The sweep asks again.
      ports.telemetry.decision({ endpoint, decision: 'stalled', reason: 'StateUnavailable', message });
      ports.telemetry.metric(endpoint, 'Stalled', 1);
      return { kind: 'done' };
    }
  } catch (error) {
    // Nothing is granted in that stack any more, for no endpoint.
    if (!isDenied(error)) throw error;
  }
  ports.telemetry.decision({ endpoint, decision: 'done', reason: 'SpecGone', message });
  return { kind: 'done' };
}
