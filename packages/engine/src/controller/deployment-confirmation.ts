import type { ConfirmationRequest } from '@freshpoint/cdk/contract';
import {
  busyBeforeDeletion,
  type ConfirmationDecision,
  type ConfirmationObservation,
  decideConfirmation,
} from '../policy/deployment-confirmation.ts';
import { lastModifiedOf } from '../policy/endpoint-status.ts';
import { SHORT_POLL_SECONDS, shortPollSeconds } from '../policy/next.ts';
import type { Ports, StoredState } from '../ports.ts';
import { startBudget } from './budget.ts';
import { type DecidedConclusion, decideForDeployment, isSameUpdate } from './conclude.ts';
import { admit, type DeploymentContext, refuse, requestedAt, runDeployment, wait } from './deployment-request.ts';
import { observeSources } from './listing.ts';
import type { ReconcileResult } from './result.ts';
import { tryTo, tryToRead } from './try-to.ts';
import { saveUnfinished } from './unfinished.ts';

const NOTHING: StoredState = { state: { version: 1 } };

type ConfirmationContext = DeploymentContext<ConfirmationRequest>;

/**
 * One pass for a deployment that waits for its confirmation: responds to CloudFormation once the endpoint is idle.
 * Before the endpoint is deleted, it ends the refreshes.
 */
export function runConfirmation(
  ports: Ports,
  endpoint: string,
  request: ConfirmationRequest,
): Promise<ReconcileResult> {
  const context = { ports, endpoint, request };
  return runDeployment(context, () => (request.type === 'Delete' ? endRefreshes(context) : confirm(context)));
}

/** Records and publishes what was deployed, or fails the deployment with what SageMaker says. */
async function confirm(context: ConfirmationContext): Promise<ReconcileResult> {
  const { ports, request } = context;
  const decided = await decideForDeployment<AtConfirmation>((seen) => observeForConfirmation(context, seen));
  if ('kind' in decided) return decided;
  const { recorded, decision } = decided;
  const { next } = decision;
  if (next.kind === 'refuse') return refuse(context, next.message);
  if (next.kind === 'requeue') return waitUntilDeadline(context, next.message);
  if (decision.state !== recorded.state) await ports.states.write(request.store, decision.state, recorded.etag);
  return admit(context, { reason: 'DeploymentConfirmed' });
}

/** What the confirmation has decided, and from what. */
interface AtConfirmation extends DecidedConclusion {
  readonly observation: ConfirmationObservation;
  readonly decision: ConfirmationDecision;
}

/** Observes the endpoint, and decides; from what was seen already, where the state has changed only otherwise. */
async function observeForConfirmation(
  context: ConfirmationContext,
  before?: AtConfirmation,
): Promise<AtConfirmation | ReconcileResult> {
  const { ports, endpoint: id, request } = context;
  const { store, endpointName } = request;
  const stored = await ports.states.read(store);
  // A state that was deleted by hand is rebuilt from what serves, after the deployment.
  const isKnown = stored && stored.state.lostAt === undefined;
  const recorded = isKnown ? stored : NOTHING;
  const { state } = recorded;
  const seen = before && isSameUpdate(before.recorded, recorded) ? before.observation : undefined;
  const endpoint = seen?.endpoint ?? (await ports.endpoints.describe(endpointName));
  const now = ports.now();
  let observation = { ...seen, now, requestedAt: requestedAt(request), request, state, endpoint };
  let decision = decideConfirmation(observation);
  if (decision.next.kind === 'observe') {
    const reader = { ports, budget: startBudget(ports.now), requests: [] };
    const before = { state, endpointModified: lastModifiedOf(endpoint) };
    const read = await tryToRead(context, () => observeSources(reader, request, before));
    // Sources that cannot be read leave it unknown what was loaded.
    const sources = read ?? ({ kind: 'missing', uris: [] } as const);
    if (sources.kind === 'unfinished') return saveUnfinished({ ...context, store }, recorded, sources);
    observation = { ...observation, sources };
    decision = decideConfirmation(observation);
  }
  return { publisher: { ports, endpoint: id, spec: request }, recorded, observation, decision };
}

/** From now on no refresh begins; one that is running is waited for, because SageMaker would refuse the deletion. */
async function endRefreshes(context: ConfirmationContext): Promise<ReconcileResult> {
  const { ports, request } = context;
  const { store, endpointName } = request;
  const { state, etag } = (await ports.states.read(store)) ?? { state: { version: 1 } as const };
  if (state.endedAt === undefined) await ports.states.write(store, { ...state, endedAt: ports.now() }, etag);
  const busy = busyBeforeDeletion(await ports.endpoints.describe(endpointName), state, ports.now());
  return busy === undefined ? admit(context, { reason: 'RefreshesEnded' }) : waitUntilDeadline(context, busy);
}

async function waitUntilDeadline(context: ConfirmationContext, message: string): Promise<ReconcileResult> {
  const { ports, endpoint, request } = context;
  if (ports.now() >= request.deadline) return refuse(context, message);
  // The spec does not exist yet, or not any more, in parts of a deployment.
  const spec = await tryTo(context, () => ports.specs.read(endpoint), SHORT_POLL_SECONDS);
  return wait(context, message, spec ? shortPollSeconds(spec) : SHORT_POLL_SECONDS);
}
