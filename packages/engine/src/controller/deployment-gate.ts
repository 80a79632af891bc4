import type { PrepareRequest, SourceSpec } from '@freshpoint/cdk/contract';
import { EngineError, StateConflict } from '../errors.ts';
import { decidePrepare } from '../policy/deployment-gate.ts';
import type { EndpointView, SourcesView } from '../policy/observation.ts';
import type { Prepared } from '../policy/state.ts';
import type { Ports } from '../ports.ts';
import { type Provided, provide } from './deployment-staging.ts';
import { tell } from './publish.ts';
import { WORK_MS } from './reconcile.ts';
import type { Outcome } from './result.ts';

/**
 * One look on behalf of a deployment: answers CloudFormation as soon as the endpoint is idle, with what the deployment
 * will load on record, or with a failure at the deadline. Every way out but `open` has answered.
 */
export async function prepare(ports: Ports, endpoint: string, request: PrepareRequest): Promise<Outcome> {
  try {
    return await attempt(ports, endpoint, request);
  } catch (error) {
    if (error instanceof StateConflict) throw error;
    const final = error instanceof EngineError || ports.now() >= request.deadline;
    if (!final) throw error;
    ports.telemetry.error(endpoint, error, 0);
    return refuse(ports, endpoint, request, (error as Error).message);
  }
}

async function attempt(ports: Ports, endpoint: string, request: PrepareRequest): Promise<Outcome> {
  const began = ports.now();
  const { spec, state, stateVersion, lastRecord } = await ports.records.read(endpoint);
  const view = spec ? await ports.endpoints.describe(spec.endpointName) : 'gone';
  const sources = spec && state.intent ? await readable(ports, endpoint, spec.sources) : undefined;
  const { deadline } = request;
  const decision = decidePrepare({ now: ports.now(), deadline, spec, state, endpoint: view, sources });
  if (spec) await tell(ports, endpoint, spec, decision.tell, lastRecord);
  if (decision.next.kind !== 'ready') {
    if (decision.state !== state) await ports.records.write(endpoint, decision.state, stateVersion);
    if (decision.next.kind === 'refuse') return refuse(ports, endpoint, request, decision.next.detail);
    const { seconds, detail } = decision.next;
    ports.telemetry.decision({ endpoint, decision: 'wait', because: 'deployment-waits', detail, seconds });
    return { kind: 'open', seconds };
  }
  const there = view === 'gone' ? undefined : view;
  const known = { spec, state: decision.state, stateVersion };
  const found = await provided(ports, endpoint, request, known, there, () => ports.now() - began >= WORK_MS);
  if (found.kind === 'open') return { kind: 'open', seconds: 1 };
  if (found.kind === 'refused') return refuse(ports, endpoint, request, found.reason);
  const { prepared } = found;
  // This write is also what keeps a loop that is about to swap from doing so: it finds the state changed.
  if (stateVersion > 0) await ports.records.write(endpoint, { ...found.state, prepared }, found.stateVersion);
  // What is uploaded while the stack is being deployed is looked at afterwards, even if its event came too early.
  await ports.promises.send({ version: 1, endpoint, stackId: request.stackId });
  await ports.answers.answer(request, { Status: 'SUCCESS' });
  const revision = prepared.revision?.slice(0, 12);
  ports.telemetry.decision({ endpoint, decision: 'keep', because: 'deployment-goes-on', revision });
  return { kind: 'kept' };
}

type Known = Parameters<typeof provide>[3];

/** What the deployment will load, put where its models look for it. */
async function provided(
  ports: Ports,
  endpoint: string,
  request: PrepareRequest,
  known: Known,
  view: EndpointView | undefined,
  isTimeUp: () => boolean,
): Promise<
  Exclude<Provided, { kind: 'provided' }> | (Known & { readonly kind: 'ready'; readonly prepared: Prepared })
> {
  const before = { configName: view?.configName, endpointCreated: view?.created };
  const { data, sources } = request;
  if (!data) {
    // Sources that can't be read do not keep a deployment from mending that: the loop then looks anew.
    const found = await readable(ports, endpoint, sources);
    const { revision, newest = 0, size } = found?.kind === 'complete' ? found : {};
    return { kind: 'ready', ...known, prepared: { ...before, revision, newestSource: newest, size } };
  }
  const found = await provide(ports, endpoint, { ...request, data }, known, view, isTimeUp);
  if (found.kind !== 'provided') return found;
  const { revision, newest = 0, size, ...then } = found;
  return { ...then, kind: 'ready', prepared: { ...before, revision, newestSource: newest, size } };
}

async function readable(
  ports: Ports,
  endpoint: string,
  sources: readonly SourceSpec[],
): Promise<SourcesView | undefined> {
  try {
    return await ports.sources.look(sources);
  } catch (error) {
    ports.telemetry.error(endpoint, error, 0);
    return undefined;
  }
}

/**
 * Fails the deployment. Not its rollback, which would leave the stack in UPDATE_ROLLBACK_FAILED, where only a person
 * can get it out: putting the old settings back goes on without what was asked for.
 */
export async function refuse(
  ports: Ports,
  endpoint: string,
  request: PrepareRequest,
  reason: string,
): Promise<Outcome> {
  const rollingBack = await isRollingBack(ports, request);
  await ports.answers.answer(request, rollingBack ? { Status: 'SUCCESS' } : { Status: 'FAILED', Reason: reason });
  ports.telemetry.decision({ endpoint, decision: 'fail', because: 'deployment-refused', detail: reason });
  return { kind: 'kept' };
}

async function isRollingBack(ports: Ports, { stackId }: PrepareRequest): Promise<boolean> {
  try {
    return (await ports.stacks.look(stackId)).status.includes('ROLLBACK');
  } catch (error) {
    ports.telemetry.error('', error, 0);
    return false;
  }
}
