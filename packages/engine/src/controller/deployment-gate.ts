import type { EndpointSpec, GateRequest } from '@freshpoint/cdk/contract';
import { decideGate, type GateDecision } from '../policy/deployment-gate.ts';
import { lastModifiedOf } from '../policy/endpoint-status.ts';
import type { EndpointView, SourcesView } from '../policy/observation.ts';
import { shortRevision } from '../policy/revision.ts';
import { recordedUpdate } from '../policy/rollout.ts';
import type { EndpointState, PendingDeployment } from '../policy/state.ts';
import type { Ports, ReadSpec, StoredState } from '../ports.ts';
import { type PassBudget, RESUME_SECONDS, startBudget } from './budget.ts';
import { type DecidedConclusion, decideForDeployment, isSameUpdate } from './conclude.ts';
import { admit, type DeploymentContext, isRollingBack, refuse, runDeployment, wait } from './deployment-request.ts';
import { type DeploymentData, type GatePass, stageDeployment } from './deployment-staging.ts';
import { observeInitialized } from './initial-data.ts';
import { observeSources } from './listing.ts';
import { type KnownState, readState } from './lost-state.ts';
import type { ReconcileResult } from './result.ts';
import { tryToRead } from './try-to.ts';
import { saveUnfinished } from './unfinished.ts';

/** Why a deployment is refused whose endpoint is idle. */
const LATE =
  'The slot data was still being copied or its archives checked, or a lost state was still being rebuilt, when the ' +
  'time for the deployment was up. Deploy again.';

/**
 * One pass for a deployment that waits at the gate: responds to CloudFormation as soon as the endpoint is idle and the
 * state records what the deployment will load, or with a failure at the deadline.
 */
export function runGate(ports: Ports, endpoint: string, request: GateRequest): Promise<ReconcileResult> {
  const context = { ports, endpoint, request };
  return runDeployment(context, async () => {
    const result = await passGate(context, startBudget(ports.now));
    const isLate = result.kind === 'requeue' && ports.now() >= request.deadline;
    return isLate ? refuse(context, LATE) : result;
  });
}

async function passGate(context: DeploymentContext<GateRequest>, budget: PassBudget): Promise<ReconcileResult> {
  const decided = await decideForDeployment<AtGate>((seen) => observeAtGate(context, budget, seen));
  if ('kind' in decided) return decided;
  const { spec, view, recorded, decision } = decided;
  const { ports, request } = context;
  const { store } = request;
  if (decision.next.kind === 'ready') {
    const pass = { ...context, store, budget, spec, ...(view !== 'gone' && { view }) };
    return openGate(pass, { state: decision.state, etag: recorded.etag });
  }
  if (decision.state !== recorded.state) await ports.states.write(store, decision.state, recorded.etag);
  const { message } = decision.next;
  if (decision.next.kind === 'refuse') return refuse(context, message);
  return wait(context, message, decision.next.seconds);
}

/** What the gate has decided, and from what. */
interface AtGate extends DecidedConclusion {
  readonly spec: EndpointSpec | undefined;
  readonly view: EndpointView | 'gone';
  readonly sources?: SourcesView;
  readonly decision: GateDecision;
}

/** Observes the endpoint, and decides; from what was seen already, where the state has changed only otherwise. */
async function observeAtGate(
  context: DeploymentContext<GateRequest>,
  budget: PassBudget,
  before?: AtGate,
): Promise<AtGate | ReconcileResult> {
  const { ports, endpoint, request } = context;
  const { deadline, data, store } = request;
  const spec = await ports.specs.read(endpoint);
  const known = await stateFor({ ...context, budget }, spec);
  if (known.kind === 'requeue') return known;
  // Admitted once more, it would take the deployment itself for what it replaced.
  if (known.recorded.state.admitted === context.request.requestId) {
    return proceed(context);
  }
  const { recorded } = known;
  const { state } = recorded;
  const seen = before && isSameUpdate(before.recorded, recorded) ? before : undefined;
  const view = seen?.view ?? (spec ? await ports.endpoints.describe(spec.endpointName) : ('gone' as const));
  const reader = { ...context, budget, requests: [] };
  const endpointModified = lastModifiedOf(view);
  const sources =
    spec && (recordedUpdate(state) || state.deployment) && !seen
      ? await tryToRead(context, () => observeSources(reader, spec, { state, endpointModified }))
      : seen?.sources;
  if (sources?.kind === 'unfinished') return saveUnfinished({ ...context, store }, recorded, sources);
  const isPublished =
    before !== undefined &&
    before.decision.events.length > 0 &&
    recordedUpdate(before.recorded.state)?.at === recordedUpdate(state)?.at;
  const decision = decideGate({ now: ports.now(), deadline, spec, data, state, endpoint: view, sources, isPublished });
  const publisher = spec ? { ports, endpoint, spec } : undefined;
  return { publisher, spec, view, sources, recorded, decision };
}

/**
 * The state that the deployment begins with. That of a new endpoint, and that in another bucket than before, is empty:
 * what is stored there already is an earlier endpoint's. Only a copy, a listing and a check for this deployment are
 * continued, and what an earlier pass for it has stored stays known.
 */
async function stateFor(
  context: DeploymentContext<GateRequest> & { readonly budget: PassBudget },
  spec: ReadSpec | undefined,
): Promise<KnownState> {
  const { store, type, requestId } = context.request;
  if (spec?.store.bucket === store.bucket) return readState({ ...context, spec }, 'deployment');
  const stored = await context.ports.states.read(store);
  const isAdmitted = stored?.state.admitted === requestId;
  if (stored && (isAdmitted || (!spec && type !== 'Create'))) return { kind: 'known', recorded: stored };
  const { lease, listing, checking, stored: revisions, endedAt } = stored?.state ?? {};
  const isStored = revisions !== undefined && endedAt === undefined;
  const state: EndpointState = {
    version: 1,
    ...(isStored && { stored: revisions }),
    ...(lease && { lease }),
    ...(listing && { listing }),
    ...(checking && { checking }),
  };
  return { kind: 'known', recorded: { state, etag: stored?.etag } };
}

/** Stages what the deployment will load, records it, and lets the deployment proceed. */
async function openGate(pass: GatePass, recorded: StoredState): Promise<ReconcileResult> {
  const { ports, store, request } = pass;
  const staged = await deploymentData(pass, recorded);
  if (staged.kind === 'requeue') return { kind: 'requeue', seconds: RESUME_SECONDS };
  if (staged.kind === 'refused') return refuse(pass, staged.message);
  const { state, etag } = staged.recorded;
  const deployment = pendingDeployment(pass.view, staged);
  // This write also stops a concurrent pass that is about to swap: it meets a state conflict.
  const admitted = {
    ...state,
    listing: undefined,
    checking: undefined,
    deployment,
    endedAt: undefined,
    admitted: request.requestId,
  };
  if (!isGone(pass, etag)) await ports.states.write(store, admitted, etag);
  return proceed(pass, deployment.revision);
}

/** Lets the deployment proceed, and reconciles what is uploaded during it, even if its event arrived too early. */
async function proceed(context: DeploymentContext<GateRequest>, loaded?: string): Promise<ReconcileResult> {
  const { ports, endpoint, request } = context;
  await ports.queue.enqueue({ version: 1, endpoint, stackId: request.stackId });
  const revision = loaded === undefined ? undefined : shortRevision(loaded);
  return admit(context, { reason: 'DeploymentAdmitted', revision });
}

/** Whether the stack deleted the endpoint meanwhile: then no state is written. */
function isGone({ spec, request }: GatePass, etag: string | undefined): boolean {
  return !spec && request.type !== 'Create' && etag === undefined;
}

/** What the deployment's models will load: staged where they load slot data, observed where they load the sources. */
async function deploymentData(pass: GatePass, recorded: StoredState): Promise<DeploymentData> {
  const { data, type } = pass.request;
  if (data) {
    const isRollback = pass.spec !== undefined && (await isRollingBack(pass));
    return stageDeployment({ ...pass, isRollback }, recorded, data);
  }
  const known = { state: recorded.state, endpointModified: pass.view?.lastModified ?? 0 };
  const read = () => observeInitialized(pass, known);
  // Unreadable sources do not stop an update, which may be what makes them readable.
  const found = await (type === 'Create' ? read() : tryToRead(pass, read));
  if (found?.kind === 'refused') return found;
  if (found?.kind === 'unfinished' && !isGone(pass, recorded.etag)) return saveUnfinished(pass, recorded, found);
  const { revision, newest, size } = found?.kind === 'complete' ? found : {};
  return { kind: 'staged', recorded, revision, newest, size };
}

function pendingDeployment(
  view: EndpointView | undefined,
  { revision, newest = 0, size, pin }: DeploymentData & { readonly kind: 'staged' },
): PendingDeployment {
  return { configName: view?.configName, endpointCreated: view?.created, revision, newestSource: newest, size, pin };
}
