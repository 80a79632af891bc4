import type { EndpointSpec, GateRequest, SlotData } from '@freshpoint/cdk/contract';
import { partialCopyOf } from '../policy/lease.ts';
import type { EndpointView, SlotsView, SourcesView } from '../policy/observation.ts';
import { shortRevision } from '../policy/revision.ts';
import { servesFailedRevision } from '../policy/serving.ts';
import { activeSlot } from '../policy/slots.ts';
import type { StagingJob, StoredState } from '../ports.ts';
import { archivesOf } from './archives.ts';
import type { PassBudget } from './budget.ts';
import { StagingLease } from './lease.ts';
import type { StoredEndpoint } from './pass.ts';

/** One pass for a deployment that waits at the gate. */
export interface GatePass extends StoredEndpoint {
  readonly budget: PassBudget;
  readonly request: GateRequest;
  /** What the previous deployment declared; absent: this is the first one. */
  readonly spec?: EndpointSpec;
  /** Absent: the endpoint does not exist. */
  readonly view?: EndpointView;
}

/** A revision that a deployment loads. */
interface LoadedRevision {
  readonly revision?: string;
  readonly size?: number;
  readonly newest?: number;
}

/** What a deployment's models will load. */
export type DeploymentData =
  | (LoadedRevision & { readonly kind: 'staged'; readonly recorded: StoredState })
  /** Time was up: resume at once. */
  | { readonly kind: 'requeue' }
  | { readonly kind: 'refused'; readonly message: string };

/**
 * A deployment creates models for both slots and moves the endpoint to slot A, so slot A must hold what should be
 * served then: the revision that serves now, whichever slot it is on. A deployment changes settings; a refresh brings
 * newer data afterwards. New slots get what the sources hold. A slot that is being served from is never written.
 */
export async function stageDeployment(pass: GatePass, recorded: StoredState, data: SlotData): Promise<DeploymentData> {
  const { ports, view } = pass;
  const { state } = recorded;
  const isSameData = pass.spec?.data?.root === data.root && pass.spec.data.bucket === data.bucket;
  const active = isSameData && pass.spec && view ? activeSlot(pass.spec, view.configName) : undefined;
  const isUnknown = isSameData && view !== undefined && active === undefined;
  const slots = await ports.slotStore.observe(data);
  const isRollbackTarget =
    active === 'b' && view !== undefined && servesFailedRevision(state, view) && slots.a !== undefined;
  const isKept = active === 'a' || isRollbackTarget;
  if (isKept || (isSameData && !active && slots.a && slots.b)) return keepSlotA(recorded, slots);
  if (active === 'b' && slots.b !== undefined) {
    const loaded = { revision: slots.b, newest: state.serving?.newestSource, size: state.serving?.size };
    const job: StagingJob = { slot: 'a', revision: slots.b, from: { kind: 'slot', slot: 'b' } };
    return stageAll(pass, { recorded, data, loaded, jobs: slots.a === slots.b ? [] : [job] });
  }
  const found = await ports.sources.observe(pass.request.sources);
  const message = await refusalOf(pass, data, found);
  if (found.kind === 'missing' || message !== undefined) return { kind: 'refused', message: message ?? '' };
  const { revision, newest, size, files } = found;
  const jobs = (['a', 'b'] as const)
    // If the active slot is unknown, a slot that holds a revision may be it, and stays as it is.
    .filter((slot) => slot !== active && slots[slot] !== revision && !(isUnknown && slots[slot]))
    .map((slot): StagingJob => ({ slot, revision, from: { kind: 'sources', files } }));
  const loaded = isUnknown && slots.a !== undefined ? { revision: slots.a } : { revision, newest, size };
  return stageAll(pass, { recorded, data, loaded, jobs });
}

function keepSlotA(recorded: StoredState, slots: SlotsView): DeploymentData {
  const { serving } = recorded.state;
  const isServing = slots.a !== undefined && serving?.revision === slots.a;
  return {
    kind: 'staged',
    recorded,
    ...(slots.a !== undefined && { revision: slots.a }),
    ...(isServing && { newest: serving.newestSource, size: serving.size }),
  };
}

/** Why the deployment must not load the sources; undefined when nothing speaks against it. */
async function refusalOf({ ports, budget }: GatePass, data: SlotData, found: SourcesView): Promise<string | undefined> {
  if (found.kind === 'missing') {
    return `There is no object at ${found.uris.join(', ')}. Upload the model data, then deploy again.`;
  }
  const archives = archivesOf(data, found.files);
  const check = await ports.sources.check(archives, { whole: false, isTimeUp: budget.isUp });
  return check.kind === 'refused' ? `${check.message} Then deploy again.` : undefined;
}

/** Copies what the slots lack, one slot after the other. */
async function stageAll(
  { ports, endpoint, store, budget }: GatePass,
  work: {
    readonly recorded: StoredState;
    readonly data: SlotData;
    readonly jobs: readonly StagingJob[];
    readonly loaded: LoadedRevision;
  },
): Promise<DeploymentData> {
  let { recorded } = work;
  for (const job of work.jobs) {
    const { slot, revision } = job;
    const partialCopy = partialCopyOf(recorded.state.lease, job);
    const claim = { slot, revision, at: ports.now(), ...(partialCopy && { partialCopy }) };
    const lease = new StagingLease({ ports, endpoint, store }, recorded, claim);
    await lease.acquire();
    const outcome = await lease.run((begun) =>
      ports.slotStore.stage(work.data, job, { isTimeUp: budget.isUp, partialCopy, begun }),
    );
    if (outcome.kind !== 'staged') return { kind: 'requeue' };
    const entry = { revision: shortRevision(revision), slot };
    ports.telemetry.decision({ endpoint, decision: 'stage', reason: 'Deployment', ...entry });
    recorded = lease.recorded;
  }
  return { kind: 'staged', ...work.loaded, recorded };
}
