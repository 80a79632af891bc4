import type { GateRequest, SourceSpec } from '@freshpoint/cdk/contract';
import { EngineError, StateConflict } from '../errors.ts';
import { decideGate } from '../policy/deployment-gate.ts';
import type { EndpointView, SourcesView } from '../policy/observation.ts';
import type { PendingDeployment } from '../policy/state.ts';
import type { Ports } from '../ports.ts';
import { type DeploymentData, stageDeployment } from './deployment-staging.ts';
import { publish } from './publish.ts';
import { PASS_BUDGET_MS } from './reconcile.ts';
import type { ReconcileResult } from './result.ts';

/**
 * One look on behalf of a deployment: answers CloudFormation as soon as the endpoint is idle, with what the deployment
 * will load on record, or with a failure at the deadline. Every way out but `open` has answered.
 */
export async function runGate(ports: Ports, endpoint: string, request: GateRequest): Promise<ReconcileResult> {
  try {
    return await attempt(ports, endpoint, request);
  } catch (error) {
    if (error instanceof StateConflict) throw error;
    const final = error instanceof EngineError || ports.now() >= request.deadline;
    if (!final) throw error;
    ports.telemetry.error(endpoint, error, 0);
    return refuseDeployment(ports, endpoint, request, (error as Error).message);
  }
}

async function attempt(ports: Ports, endpoint: string, request: GateRequest): Promise<ReconcileResult> {
  const began = ports.now();
  const { spec, state, stateVersion, lastRecord } = await ports.records.read(endpoint);
  const view = spec ? await ports.endpoints.describe(spec.endpointName) : 'gone';
  const sources = spec && state.updating ? await readable(ports, endpoint, spec.sources) : undefined;
  const { deadline } = request;
  const decision = decideGate({ now: ports.now(), deadline, spec, state, endpoint: view, sources });
  if (spec) await publish(ports, endpoint, spec, decision.events, lastRecord);
  if (decision.next.kind !== 'ready') {
    if (decision.state !== state) await ports.records.write(endpoint, decision.state, stateVersion);
    if (decision.next.kind === 'refuse') return refuseDeployment(ports, endpoint, request, decision.next.message);
    const { seconds, message } = decision.next;
    ports.telemetry.decision({ endpoint, decision: 'requeue', reason: 'DeploymentWaiting', message, seconds });
    return { kind: 'requeue', seconds };
  }
  const there = view === 'gone' ? undefined : view;
  const known = { spec, state: decision.state, stateVersion };
  const found = await provided(ports, endpoint, request, known, there, () => ports.now() - began >= PASS_BUDGET_MS);
  if (found.kind === 'requeue') return { kind: 'requeue', seconds: 1 };
  if (found.kind === 'refused') return refuseDeployment(ports, endpoint, request, found.message);
  const { deployment } = found;
  // This write is also what keeps a loop that is about to swap from doing so: it finds the state changed.
  if (stateVersion > 0) await ports.records.write(endpoint, { ...found.state, deployment }, found.stateVersion);
  // What is uploaded while the stack is being deployed is looked at afterwards, even if its event came too early.
  await ports.queue.enqueue({ version: 1, endpoint, stackId: request.stackId });
  await ports.responses.respond(request, { Status: 'SUCCESS' });
  const revision = deployment.revision?.slice(0, 12);
  ports.telemetry.decision({ endpoint, decision: 'done', reason: 'DeploymentAdmitted', revision });
  return { kind: 'done' };
}

type Known = Parameters<typeof stageDeployment>[3];

/** What the deployment will load, put where its models look for it. */
async function provided(
  ports: Ports,
  endpoint: string,
  request: GateRequest,
  known: Known,
  view: EndpointView | undefined,
  isTimeUp: () => boolean,
): Promise<
  | Exclude<DeploymentData, { kind: 'provided' }>
  | (Known & { readonly kind: 'ready'; readonly deployment: PendingDeployment })
> {
  const before = { configName: view?.configName, endpointCreated: view?.created };
  const { data, sources } = request;
  if (!data) {
    // Sources that can't be read do not keep a deployment from mending that: the loop then looks anew.
    const found = await readable(ports, endpoint, sources);
    const { revision, newest = 0, size } = found?.kind === 'complete' ? found : {};
    return { kind: 'ready', ...known, deployment: { ...before, revision, newestSource: newest, size } };
  }
  const found = await stageDeployment(ports, endpoint, { ...request, data }, known, view, isTimeUp);
  if (found.kind !== 'provided') return found;
  const { revision, newest = 0, size, ...then } = found;
  return { ...then, kind: 'ready', deployment: { ...before, revision, newestSource: newest, size } };
}

async function readable(
  ports: Ports,
  endpoint: string,
  sources: readonly SourceSpec[],
): Promise<SourcesView | undefined> {
  try {
    return await ports.sources.observe(sources);
  } catch (error) {
    ports.telemetry.error(endpoint, error, 0);
    return undefined;
  }
}

/**
 * Fails the deployment. Not its rollback, which would leave the stack in UPDATE_ROLLBACK_FAILED, where only a person
 * can get it out: putting the old settings back goes on without what was asked for.
 */
export async function refuseDeployment(
  ports: Ports,
  endpoint: string,
  request: GateRequest,
  message: string,
): Promise<ReconcileResult> {
  const rollingBack = await isRollingBack(ports, request);
  await ports.responses.respond(request, rollingBack ? { Status: 'SUCCESS' } : { Status: 'FAILED', Reason: message });
  ports.telemetry.decision({ endpoint, decision: 'stalled', reason: 'DeploymentRefused', message });
  return { kind: 'done' };
}

async function isRollingBack(ports: Ports, { stackId }: GateRequest): Promise<boolean> {
  try {
    return (await ports.stacks.describe(stackId)).status.includes('ROLLBACK');
  } catch (error) {
    ports.telemetry.error('', error, 0);
    return false;
  }
}
