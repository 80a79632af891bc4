import type { EndpointSpec } from '@freshpoint/cdk/contract';
import type { SourcesView } from './observation.ts';
import type { ReadyEndpoint, RolloutTarget } from './ready-endpoint.ts';
import { servesFailedRevision } from './serving.ts';
import { otherSlot } from './slots.ts';
import type { EndpointState, Pin } from './state.ts';

/**
 * A pin comes first, then the rollback of a revision that failed its smoke tests, then the newest upload. Pure.
 * `slots`: they must be observed first. A target of undefined: no source has an object.
 */
export function selectTarget(
  { observation, state: known, active }: ReadyEndpoint,
  sources: SourcesView,
): 'slots' | { readonly target?: RolloutTarget; readonly state: EndpointState } {
  const { now, spec, endpoint, slots } = observation;
  const pin = activePin(spec, known, sources);
  const state = pin === known.pin ? known : { ...known, pin };
  const newest = sources.newest ?? 0;
  const size = sources.kind === 'complete' ? { size: sources.size } : {};
  if (pin) {
    const { revision, at } = pin;
    return { state, target: { revision, trigger: 'pin', at, newest, ...(revision === sources.revision && size) } };
  }
  if (spec.data && servesFailedRevision(state, endpoint)) {
    if (!slots) return 'slots';
    const revision = slots[otherSlot(active)];
    const isQuarantined = state.quarantine?.some((entry) => entry.revision === revision);
    if (revision !== undefined && !isQuarantined) {
      return { state, target: { revision, trigger: 'smoke-test', at: now, newest } };
    }
  }
  if (sources.revision === undefined) return { state };
  return { state, target: { revision: sources.revision, trigger: 'upload', at: newest, newest, ...size } };
}

/** The pin, unless something newer was uploaded. Only data per slot can be pinned. */
function activePin(spec: EndpointSpec, { pin }: EndpointState, sources: SourcesView): Pin | undefined {
  if (!pin || !spec.data) return undefined;
  if (sources.kind === 'missing') return pin;
  if (pin.supersedes !== undefined) return pin.supersedes === sources.revision ? pin : undefined;
  return sources.newest > pin.at ? undefined : { ...pin, supersedes: sources.revision };
}
