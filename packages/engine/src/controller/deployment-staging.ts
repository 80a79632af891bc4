import { type EndpointSpec, type GateRequest, type SlotData, type SourceSpec, uriOf } from '@freshpoint/cdk/contract';
import {
  type DeployedData,
  dataToDeploy,
  keepAcrossSources,
  replacedBy,
  revisionUnlessRemoved,
  type ServedSlot,
  type SourcesToDeploy,
} from '../policy/deployed-data.ts';
import { carriedRecord } from '../policy/history.ts';
import { partialCopyOf } from '../policy/lease.ts';
import type { EndpointView, SlotsView, SourceFile, SourcesView } from '../policy/observation.ts';
import { shortRevision } from '../policy/revision.ts';
import { describeMissing, fileIdOf, type SourceObject, sourceUriOf } from '../policy/source-object.ts';
import type { EndpointState, Pin } from '../policy/state.ts';
import type { StagingFile, StagingJob, StoredState } from '../ports.ts';
import type { PassBudget } from './budget.ts';
import { type ArchivesReading, checkFiles } from './checking.ts';
import { observeInitialized } from './initial-data.ts';
import { StagingLease } from './lease.ts';
import type { StoredEndpoint } from './pass.ts';
import { tryToRead } from './try-to.ts';
import { saveUnfinished } from './unfinished.ts';

/** One pass for a deployment that waits at the gate. */
export interface GatePass extends StoredEndpoint {
  readonly budget: PassBudget;
  readonly request: GateRequest;
  /** What the previous deployment declared; absent: this is the first one. */
  readonly spec?: EndpointSpec;
  /** Absent: the endpoint does not exist. */
  readonly view?: EndpointView;
}

/** A pass that stages. */
interface StagingPass extends GatePass {
  /** The deployment is the rollback of another one. */
  readonly isRollback: boolean;
}

/** A revision that a deployment loads. */
interface LoadedRevision {
  readonly revision?: string;
  readonly size?: number;
  readonly newest?: number;
  /** The person's pin once it is loaded, if that is another one then. */
  readonly pin?: Pin;
}

/** What a deployment's models will load. */
export type DeploymentData =
  /** `recorded`: with changes that are still to be written. */
  | (LoadedRevision & { readonly kind: 'staged'; readonly recorded: StoredState })
  /** Time was up: resume at once. */
  | { readonly kind: 'requeue' }
  | { readonly kind: 'refused'; readonly message: string };

/** What is copied for a deployment, and what it loads then. */
interface Work {
  readonly recorded: StoredState;
  readonly jobs: readonly StagingJob[];
  readonly loaded: LoadedRevision;
}

/** Stages what the deployment's models will load. */
export async function stageDeployment(
  pass: StagingPass,
  recorded: StoredState,
  data: SlotData,
): Promise<DeploymentData> {
  const { ports, spec, view, isRollback } = pass;
  const slots = await ports.revisions.observe(data);
  const todo = dataToDeploy({ spec, state: recorded.state, view, data, slots, isRollback });
  const staged = await stageData(pass, { recorded, data, slots, todo });
  if (staged.kind !== 'staged' || !spec) return staged;
  const before = recorded.state.replaced;
  if (isRollback) return before?.pin && before.root === data.root ? { ...staged, pin: before.pin } : staged;
  const replaced = replacedBy(spec, recorded.state, data);
  return { ...staged, recorded: { ...staged.recorded, state: { ...staged.recorded.state, replaced } } };
}

interface Todo {
  readonly recorded: StoredState;
  readonly data: SlotData;
  readonly slots: SlotsView;
  readonly todo: DeployedData;
}

async function stageData(pass: GatePass, found: Todo): Promise<DeploymentData> {
  const { recorded, slots, data, todo } = found;
  if (todo.kind === 'sources') return stageSources(pass, found, todo);
  const revision = todo.kind === 'keep' ? slots.a : todo.revision;
  const loaded = loadedAs(recorded.state, revision);
  if (todo.kind === 'keep') return { kind: 'staged', recorded, ...loaded };
  const files = slots.b === todo.revision ? await filesOfSlot(pass, data, { slot: 'b', root: data.root }) : [];
  const job: StagingJob = {
    store: pass.store,
    data,
    slot: 'a',
    revision: todo.revision,
    ...(files.length > 0 && { files }),
  };
  const staged = await stageAll(pass, { recorded, jobs: [job], loaded });
  if (staged.kind !== 'missing') return staged;
  return todo.otherwise ? stageSources(pass, { ...found, recorded: staged.recorded }, todo.otherwise) : refused(staged);
}

function loadedAs({ serving }: EndpointState, revision: string | undefined): LoadedRevision {
  const isServing = revision !== undefined && serving?.revision === revision;
  return {
    ...(revision !== undefined && { revision }),
    ...(isServing && { newest: serving.newestSource, size: serving.size }),
  };
}

/** Stages the sources; those that the serving slot's data has are taken from there. */
async function stageSources(
  pass: GatePass,
  { recorded, data, slots }: Todo,
  { served, slots: free }: SourcesToDeploy,
): Promise<DeploymentData> {
  const { store, spec } = pass;
  const inSlot = served ? await filesOfSlot(pass, data, served) : [];
  const kept = inSlot.filter(({ source }) => data.files.some((file) => uriOf(file) === sourceUriOf(source)));
  const lastModified = recorded.state.serving?.newestSource ?? 0;
  const instead = kept.map(({ source }): SourceObject => ({ ...source, lastModified }));
  const known = { state: recorded.state, endpointModified: pass.view?.lastModified ?? 0, instead };
  const found = await observeInitialized(pass, known);
  if (found.kind === 'refused') return found;
  if (found.kind === 'unfinished') return saveUnfinished(pass, recorded, found);
  if (found.kind === 'missing') {
    const { uris, faults = [] } = found;
    const missing = uris.length > 0 ? [describeMissing(uris, 'Upload the model data.')] : [];
    return { kind: 'refused', message: [...faults, ...missing, 'Then deploy again.'].join(' ') };
  }
  const { revision, newest, size } = found;
  const copies = new Map(kept.map((file) => [fileIdOf(file.source), file]));
  const files = found.files.map((source): StagingFile => copies.get(fileIdOf(source)) ?? { source });
  const check = await checkSources(pass, recorded.state, files);
  if (check.kind === 'unfinished') return saveUnfinished(pass, recorded, check);
  if (check.kind === 'refused') return { kind: 'refused', message: `${check.message} Then deploy again.` };
  const jobs = free
    .filter((slot) => slots[slot] !== revision)
    .map((slot): StagingJob => ({ store, data, slot, revision, files }));
  const loaded = free.includes('a') ? { revision, newest, size } : loadedAs(recorded.state, slots.a);
  const staged = await stageAll(pass, { recorded, jobs, loaded });
  if (staged.kind === 'missing') return refused(staged);
  if (staged.kind !== 'staged' || !spec || kept.length === 0) return staged;
  return keepJudgement({ ...pass, spec }, { staged, deployed: revision, served: inSlot.map(({ source }) => source) });
}

interface StagedSources {
  readonly staged: DeploymentData & { readonly kind: 'staged' };
  readonly deployed: string;
  /** What the serving slot has. */
  readonly served: readonly SourceFile[];
}

/** Keeps pin and quarantine. A quarantine of another digest is recorded in the history, should the state be lost. */
async function keepJudgement(
  pass: GatePass & { readonly spec: EndpointSpec },
  { staged, deployed, served }: StagedSources,
): Promise<DeploymentData> {
  const { ports, store, spec, request } = pass;
  const [before, after] = await Promise.all([spec, request].map((each) => listUnlessDenied(pass, each)));
  const unchanged = after && revisionUnlessRemoved(spec.sources, { after, served });
  const removed = spec.sources.filter((source) => !isAmong(request.sources, source));
  const staying = before ? undefined : request.sources.filter((source) => isAmong(spec.sources, source));
  const newestKept = staying && (await listUnlessDenied(pass, { ...request, sources: staying }))?.newest;
  const changed = { before, after, newestKept, removed, unchanged, deployed };
  const { state, pin, carried } = keepAcrossSources(staged.recorded.state, changed);
  if (carried) {
    const sources = after?.kind === 'complete' ? after.files : [];
    await ports.history.append(store, carriedRecord(carried, { sources, state, now: ports.now() }));
  }
  return { ...staged, ...(pin && { pin }), recorded: { ...staged.recorded, state } };
}

function isAmong(sources: readonly SourceSpec[], source: SourceSpec): boolean {
  return sources.some((each) => uriOf(each) === uriOf(source));
}

/** The sources, if they can be read within the pass, and may be. Other errors are thrown: the pass is repeated. */
async function listUnlessDenied(
  pass: GatePass,
  { sources, data }: Pick<EndpointSpec, 'sources' | 'data'>,
): Promise<SourcesView | undefined> {
  const { ports, budget } = pass;
  const read = await tryToRead(pass, () => ports.sources.observe(sources, { isTimeUp: budget.isUp, data }));
  return read?.kind === 'unfinished' ? undefined : read;
}

/** The files of the slot data that the slot with this root has, as immutable copies. */
async function filesOfSlot(pass: GatePass, data: SlotData, { slot, root }: ServedSlot): Promise<StagingFile[]> {
  if (root === undefined || pass.spec?.store.bucket !== data.bucket) return [];
  return [...(await pass.ports.revisions.contents({ ...data, root }, slot))];
}

/** Checks what the deployment would load from the sources. */
function checkSources(pass: GatePass, state: EndpointState, files: readonly StagingFile[]): Promise<ArchivesReading> {
  const unchecked = files.filter(({ from }) => !from).map(({ source }) => source);
  return checkFiles(pass, { data: pass.request.data, files: unchecked, whole: false }, state);
}

/** A revision that is no longer in the data bucket. */
interface Missing {
  readonly kind: 'missing';
  readonly recorded: StoredState;
  readonly revision: string;
}

function refused({ revision }: Missing): DeploymentData {
  const message = `Revision ${shortRevision(revision)}, which served before, is not in the data bucket any more.`;
  return { kind: 'refused', message };
}

/** Copies what the slots lack, one slot after the other. */
async function stageAll(pass: GatePass, { recorded: before, jobs, loaded }: Work): Promise<DeploymentData | Missing> {
  const { ports, endpoint, store, budget } = pass;
  let recorded = before;
  for (const job of jobs) {
    const { slot, revision } = job;
    const partialCopy = partialCopyOf(recorded.state.lease, job);
    const claim = { slot, revision, at: ports.now(), ...(partialCopy && { partialCopy }) };
    const lease = new StagingLease({ ports, endpoint, store }, recorded, claim);
    await lease.acquire();
    const outcome = await lease.run((begun) =>
      ports.revisions.stage(job, { isTimeUp: budget.isUp, partialCopy, begun }),
    );
    if (outcome.kind === 'missing') return { kind: 'missing', recorded: lease.recorded, revision };
    if (outcome.kind !== 'staged') return { kind: 'requeue' };
    ports.telemetry.decision({
      endpoint,
      decision: 'stage',
      reason: 'Deployment',
      revision: shortRevision(revision),
      slot,
    });
    recorded = lease.recorded;
  }
  return { kind: 'staged', ...loaded, recorded };
}
