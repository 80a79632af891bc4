import type { EndpointSpec, GateRequest, Slot, SlotData } from '@freshpoint/cdk/contract';
import { activeSlot } from '../policy/decide.ts';
import type { EndpointView, SourcesView } from '../policy/observation.ts';
import type { EndpointState } from '../policy/state.ts';
import { servesFailedRevision } from '../policy/target.ts';
import type { Ports, StagingSource } from '../ports.ts';
import { archivesOf } from './reconcile.ts';
import { StagingLease } from './staging.ts';

/** What a deployment's models will find in their places. */
export type DeploymentData =
  | {
      readonly kind: 'provided';
      /** What slot A's place holds. */
      readonly revision?: string;
      readonly size?: number;
      readonly newest?: number;
      readonly state: EndpointState;
      readonly stateVersion: number;
    }
  /** Time was up: look again at once. */
  | { readonly kind: 'requeue' }
  | { readonly kind: 'refused'; readonly message: string };

interface Known {
  readonly spec?: EndpointSpec;
  readonly state: EndpointState;
  readonly stateVersion: number;
}

/** A place to be filled for a deployment. */
interface StagingJob {
  readonly slot: Slot;
  readonly revision: string;
  readonly from: StagingSource;
}

/**
 * A deployment makes models for both slots and moves the endpoint to slot A, so A's place must hold what is to be served
 * then: what is served now, whichever slot it is on. It changes settings; newer data comes by a refresh afterwards. Where
 * the places are new, they get what the sources hold. A place that is being served from is never written.
 */
export async function stageDeployment(
  ports: Ports,
  endpoint: string,
  { sources, data }: GateRequest & { readonly data: SlotData },
  { spec, state, stateVersion }: Known,
  view: EndpointView | undefined,
  isTimeUp: () => boolean,
): Promise<DeploymentData> {
  const isSame = spec?.data?.root === data.root && spec.data.bucket === data.bucket;
  const active = isSame && view ? activeSlot(spec, view.configName) : undefined;
  const isUnknown = isSame && view !== undefined && active === undefined;
  const slots = await ports.slotStore.observe(data);
  const there = { state, stateVersion };
  const leave =
    active === 'a' || (active === 'b' && view && servesFailedRevision(state, view) && slots.a !== undefined);
  if (leave || (isSame && !active && slots.a && slots.b)) {
    const { serving } = state;
    const isKnown = slots.a !== undefined && serving?.revision === slots.a;
    return {
      kind: 'provided',
      ...there,
      ...(slots.a !== undefined && { revision: slots.a }),
      ...(isKnown && { newest: serving.newestSource, size: serving.size }),
    };
  }
  if (active === 'b' && slots.b !== undefined) {
    const jobs: StagingJob[] = [{ slot: 'a', revision: slots.b, from: { kind: 'slot', slot: 'b' } }];
    return fillAll(
      ports,
      endpoint,
      data,
      there,
      jobs.filter(({ revision }) => slots.a !== revision),
      isTimeUp,
      {
        revision: slots.b,
        newest: state.serving?.newestSource,
        size: state.serving?.size,
      },
    );
  }
  const found = await ports.sources.observe(sources);
  const message = await whyNot(ports, data, found, isTimeUp);
  if (found.kind === 'missing' || message !== undefined) return { kind: 'refused', message: message ?? '' };
  const { revision, newest, size, files } = found;
  const jobs = (['a', 'b'] as const)
    // Which place the endpoint is served from may not be known: one that holds a revision stays as it is.
    .filter((slot) => slot !== active && slots[slot] !== revision && !(isUnknown && slots[slot]))
    .map((slot): StagingJob => ({ slot, revision, from: { kind: 'sources', files } }));
  const kept = isUnknown && slots.a !== undefined ? { revision: slots.a } : { revision, newest, size };
  return fillAll(ports, endpoint, data, there, jobs, isTimeUp, kept);
}

async function whyNot(
  ports: Ports,
  data: SlotData,
  found: SourcesView,
  isTimeUp: () => boolean,
): Promise<string | undefined> {
  if (found.kind === 'missing') {
    return `There is no object at ${found.uris.join(', ')}. Upload the model data, then deploy again.`;
  }
  const check = await ports.sources.check(archivesOf({ data }, found.files), { whole: false, isTimeUp });
  return check.kind === 'refused' ? `${check.message} Then deploy again.` : undefined;
}

async function fillAll(
  ports: Ports,
  endpoint: string,
  data: SlotData,
  there: { readonly state: EndpointState; readonly stateVersion: number },
  jobs: readonly StagingJob[],
  isTimeUp: () => boolean,
  provided: { readonly revision: string; readonly newest?: number; readonly size?: number },
): Promise<DeploymentData> {
  let known = there;
  for (const { slot, revision, from } of jobs) {
    const before = known.state.staging;
    const partialCopy = before?.slot === slot && before.revision === revision ? before.partialCopy : undefined;
    const staging = { slot, revision, at: ports.now(), ...(partialCopy && { partialCopy }) };
    const word = new StagingLease(ports, endpoint, known, staging);
    await word.acquire();
    const outcome = await word.run((begun) =>
      ports.slotStore.stage(data, slot, revision, from, { isTimeUp, partialCopy, begun }),
    );
    if (outcome.kind !== 'staged') return { kind: 'requeue' };
    ports.telemetry.decision({
      endpoint,
      decision: 'stage',
      reason: 'Deployment',
      revision: revision.slice(0, 12),
      slot,
    });
    known = { state: word.state, stateVersion: word.stateVersion };
  }
  return { kind: 'provided', ...provided, ...known };
}
