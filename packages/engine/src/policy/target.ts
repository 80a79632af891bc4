import type { EndpointSpec } from '@freshpoint/cdk/contract';
import type { SourcesView } from './observation.ts';
import type { ReadyEndpoint, RolloutTarget } from './ready-endpoint.ts';
import type { RefreshEvent } from './refresh-event.ts';
import { shortRevision } from './revision.ts';
import { servesFailedRevision } from './serving.ts';
import { otherSlot } from './slots.ts';
import { type EndpointState, hasChangedSources, isSamePin, type Pin, quarantineEntryOf } from './state.ts';

/** What the endpoint ought to serve. Absent `target`: no source has an object. */
export interface SelectedTarget {
  readonly target?: RolloutTarget;
  readonly state: EndpointState;
  readonly events?: readonly RefreshEvent[];
}

/**
 * A pin comes first, then the rollback of a revision that failed its smoke tests, then the newest upload. Pure.
 * `slots`: they must be observed first.
 */
export function selectTarget(ready: ReadyEndpoint, sources: SourcesView): 'slots' | SelectedTarget {
  const { observation, state: known, active } = ready;
  const { spec, endpoint, slots } = observation;
  const state = withSources(spec, known, sources);
  const { pin } = state;
  const newest = sources.newest ?? 0;
  const size = sources.kind === 'complete' ? { size: sources.size } : {};
  if (pin) {
    const { revision } = pin;
    const target = { revision, trigger: 'pin', newest, ...(revision === sources.revision && size) } as const;
    return { ...passOver({ ...ready, state }, pin, sources), target };
  }
  if (spec.data && servesFailedRevision(state, endpoint)) {
    if (!slots) return 'slots';
    const revision = wayBack(state, slots[otherSlot(active)]);
    // The newest upload may have been staged already. It is judged as any other.
    const isUpload = revision === sources.revision;
    if (revision !== undefined && !isUpload) return { state, target: { revision, trigger: 'smoke-test', newest } };
  }
  if (sources.revision === undefined) return { state };
  return { state, target: { revision: sources.revision, trigger: 'upload', newest, ...size } };
}

/** The state once the sources are known: a pin that they supersede has ended. */
export function withSources(spec: EndpointSpec, state: EndpointState, sources: SourcesView): EndpointState {
  const pin = activePin(spec, state, sources);
  const observed = withObserved(spec, state, sources);
  return pin === observed.pin ? observed : { ...observed, pin, ...(!pin && { replaced: withEndedPin(spec, state) }) };
}

/** A pin that ends at the sources that the last deployment brought is in force again when that is rolled back. */
function withEndedPin({ data }: EndpointSpec, state: EndpointState): EndpointState['replaced'] {
  const { pin, replaced } = state;
  const isAtNext = replaced && hasChangedSources(state) && replaced.nextRoot === data?.root;
  return !isAtNext || !pin || isSamePin(pin, replaced.pin) ? replaced : { ...replaced, endedPin: pin };
}

/** The revision that the other slot holds, else the one that served last, except those in quarantine. */
function wayBack(state: EndpointState, inSlot: string | undefined): string | undefined {
  const { stored = [] } = state;
  const known = inSlot === undefined ? stored : [inSlot, ...stored];
  return known.find((revision) => !quarantineEntryOf(state, revision));
}

/** The pin, unless something newer was uploaded. Only data per slot can be pinned. */
function activePin(spec: EndpointSpec, { pin }: EndpointState, sources: SourcesView): Pin | undefined {
  if (!pin || !spec.data) return undefined;
  if (sources.kind === 'missing') return pin;
  if (pin.supersedes !== undefined && pin.supersedes !== sources.revision) return undefined;
  if (pin.supersedesNewest !== undefined) return pin;
  return { ...pin, supersedes: sources.revision, supersedesNewest: sources.newest };
}

/** Only for what a pin will need. */
function withObserved({ data }: EndpointSpec, state: EndpointState, sources: SourcesView): EndpointState {
  if (!data || sources.kind === 'missing') return state;
  const { revision, newest } = sources;
  const { observed } = state;
  if (observed?.revision === revision && observed.newest === newest) return state;
  return { ...state, observed: { revision, newest } };
}

/** Publishes that the revision which the pin supersedes was uploaded again: the same bytes do not end the pin. */
function passOver(
  { observation: { spec }, state, active }: ReadyEndpoint,
  pin: Pin,
  sources: SourcesView,
): SelectedTarget {
  const { revision, supersedes, supersedesNewest } = pin;
  if (sources.kind === 'missing' || sources.revision !== supersedes || supersedes === revision) return { state };
  if (supersedesNewest === undefined || sources.newest <= supersedesNewest) return { state };
  const shown = shortRevision(supersedes);
  const message =
    `Revision ${shown} was uploaded again, but ${pin.by} rolled it back to ${shortRevision(revision)}. Upload other ` +
    `bytes, or run \`freshpoint rollback --to ${shown}\`.`;
  const slot = otherSlot(active);
  const subject = { revision: supersedes, slot, configName: spec.configs[slot], trigger: 'upload' } as const;
  return {
    state: { ...state, pin: { ...pin, supersedesNewest: sources.newest, passedOver: true } },
    events: [{ type: 'passedOver', ...subject, message, startedAt: sources.newest }],
  };
}
