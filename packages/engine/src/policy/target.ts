import type { EndpointSpec, Slot } from '@freshpoint/cdk/contract';
import type { EndpointView, Observation, SourcesView } from './observation.ts';
import type { EndpointState, Pin, Trigger } from './state.ts';

/** The revision that an endpoint ought to serve. */
export interface Target {
  readonly revision: string;
  readonly trigger: Trigger;
  /** Since when that is so, epoch ms: for a person's word, when it was given. */
  readonly at: number;
  /** LastModified of the newest source, epoch ms. */
  readonly newest: number;
  /** Bytes of all sources, where they are the revision's. */
  readonly size?: number;
}

/**
 * A person's word first, then away from what failed its smoke tests, then the newest upload. Pure. `slots`: that must be
 * known first; a target of undefined: there is nothing at any of the sources.
 */
export function selectTarget(
  o: Observation,
  sources: SourcesView,
  endpoint: EndpointView,
  known: EndpointState,
  active: Slot,
): 'slots' | { readonly target?: Target; readonly state: EndpointState } {
  const pin = activePin(o.spec, known, sources);
  const state = pin === known.pin ? known : { ...known, pin };
  const newest = sources.newest ?? 0;
  const size = sources.kind === 'complete' ? { size: sources.size } : {};
  if (pin) {
    const { revision, at } = pin;
    return { state, target: { revision, trigger: 'pin', at, newest, ...(revision === sources.revision && size) } };
  }
  if (o.spec.data && servesFailedRevision(state, endpoint)) {
    if (!o.slots) return 'slots';
    const revision = o.slots[otherSlot(active)];
    const isRefused = state.quarantine?.some((entry) => entry.revision === revision);
    if (revision !== undefined && !isRefused)
      return { state, target: { revision, trigger: 'smoke-test', at: o.now, newest } };
  }
  if (sources.revision === undefined) return { state };
  return { state, target: { revision: sources.revision, trigger: 'upload', at: newest, newest, ...size } };
}

/** A person's word, as long as nothing newer was uploaded. It counts for data that the loop keeps. */
function activePin(spec: EndpointSpec, { pin }: EndpointState, sources: SourcesView): Pin | undefined {
  if (!pin || !spec.data) return undefined;
  if (sources.kind === 'missing') return pin;
  if (pin.supersedes !== undefined) return pin.supersedes === sources.revision ? pin : undefined;
  return sources.newest > pin.at ? undefined : { ...pin, supersedes: sources.revision };
}

/** Whether what serves has failed its smoke tests. */
export function servesFailedRevision({ serving, quarantine }: EndpointState, endpoint: EndpointView): boolean {
  if (serving?.revision === undefined || serving.configName !== endpoint.configName) return false;
  return quarantine?.some((entry) => entry.failedSmokeTests && entry.revision === serving.revision) ?? false;
}

/** The other of the two. */
export function otherSlot(slot: Slot): Slot {
  return slot === 'a' ? 'b' : 'a';
}
