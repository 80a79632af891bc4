import type { EndpointSpec, Slot } from '@freshpoint/cdk/contract';
import type { EndpointView, Observation, SourcesView } from './observation.ts';
import type { Cause, EndpointState, Wanted } from './state.ts';

/** The revision that an endpoint ought to serve. */
export interface Target {
  readonly revision: string;
  readonly by: Cause;
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
export function targetOf(
  o: Observation,
  sources: SourcesView,
  endpoint: EndpointView,
  known: EndpointState,
  active: Slot,
): 'slots' | { readonly target?: Target; readonly state: EndpointState } {
  const wanted = wantedNow(o.spec, known, sources);
  const state = wanted === known.wanted ? known : { ...known, wanted };
  const newest = sources.newest ?? 0;
  const size = sources.kind === 'complete' ? { size: sources.size } : {};
  if (wanted) {
    const { revision, at } = wanted;
    return { state, target: { revision, by: 'person', at, newest, ...(revision === sources.revision && size) } };
  }
  if (o.spec.data && isCondemned(state, endpoint)) {
    if (!o.slots) return 'slots';
    const revision = o.slots[otherSlot(active)];
    const isRefused = state.quarantine?.some((entry) => entry.revision === revision);
    if (revision !== undefined && !isRefused)
      return { state, target: { revision, by: 'smoke-test', at: o.now, newest } };
  }
  if (sources.revision === undefined) return { state };
  return { state, target: { revision: sources.revision, by: 'upload', at: newest, newest, ...size } };
}

/** A person's word, as long as nothing newer was uploaded. It counts for data that the loop keeps. */
function wantedNow(spec: EndpointSpec, { wanted }: EndpointState, sources: SourcesView): Wanted | undefined {
  if (!wanted || !spec.data) return undefined;
  if (sources.kind === 'missing') return wanted;
  if (wanted.instead !== undefined) return wanted.instead === sources.revision ? wanted : undefined;
  return sources.newest > wanted.at ? undefined : { ...wanted, instead: sources.revision };
}

/** Whether what serves has failed its smoke tests. */
export function isCondemned({ served, quarantine }: EndpointState, endpoint: EndpointView): boolean {
  if (served?.revision === undefined || served.configName !== endpoint.configName) return false;
  return quarantine?.some((entry) => entry.condemned && entry.revision === served.revision) ?? false;
}

/** The other of the two. */
export function otherSlot(slot: Slot): Slot {
  return slot === 'a' ? 'b' : 'a';
}
