import { type EndpointSpec, type Slot, type SlotData, type SourceSpec, uriOf } from '@freshpoint/cdk/contract';
import { beginListing } from './listing.ts';
import type { EndpointView, SlotsView, SourceFile, SourcesView } from './observation.ts';
import { revisionOf } from './revision.ts';
import { servesFailedRevision } from './serving.ts';
import { activeSlot } from './slots.ts';
import { sourceUriOf } from './source-object.ts';
import {
  type EndpointState,
  lastRead,
  MAX_QUARANTINED_REVISIONS,
  type Pin,
  type QuarantineEntry,
  quarantineEntryOf,
  servedRevision,
} from './state.ts';

/** What a deployment finds. */
export interface BeforeDeployment {
  /** What the previous deployment declared; absent: this is the first one. */
  readonly spec?: EndpointSpec;
  readonly state: EndpointState;
  /** Absent: the endpoint does not exist. */
  readonly view?: EndpointView;
  /** The slot data of the deployment's models. */
  readonly data: SlotData;
  /** What those slots hold. */
  readonly slots: SlotsView;
  /** The deployment is the rollback of another one. */
  readonly isRollback: boolean;
}

/** What the slots of a deployment have to hold before its models are created. */
export type DeployedData =
  /** Slot A stays as it is. */
  | { readonly kind: 'keep' }
  /** Slot A gets this revision from the revision store, or from a slot's data. `otherwise`: if it is in neither. */
  | { readonly kind: 'restore'; readonly revision: string; readonly otherwise?: SourcesToDeploy }
  /** Slot A, and B where it is free, get the sources; `served`: except those that the active slot's data has. */
  | SourcesToDeploy;

/** Slots that get the sources. */
export interface SourcesToDeploy {
  readonly kind: 'sources';
  readonly served?: ServedSlot;
  readonly slots: readonly Slot[];
}

/** The slot whose data the endpoint serves from. */
export interface ServedSlot {
  readonly slot: Slot;
  /** Key prefix of the slot data. Absent: the models load the sources in place. */
  readonly root?: string;
}

/**
 * What a deployment loads. It creates models for both slots and moves the endpoint to slot A, so slot A must hold what
 * should be served then: the revision that serves now, whichever slot it is on. A deployment changes settings; a
 * refresh brings newer data afterwards. A slot that is being served from is never written. Pure.
 */
export function dataToDeploy(before: BeforeDeployment): DeployedData {
  const { spec, state, view, data, slots, isRollback } = before;
  const served = servedSlot(before);
  if (served?.root === data.root) {
    const isRollbackTarget = view !== undefined && servesFailedRevision(state, view) && slots.a !== undefined;
    if (served.slot === 'a' || isRollbackTarget) return { kind: 'keep' };
    return slots.b === undefined ? { kind: 'sources', slots: ['a'] } : restore(slots, slots.b);
  }
  const { replaced } = state;
  if (isRollback && replaced?.root === data.root && replaced.revision !== undefined) {
    return restore(slots, replaced.revision, { kind: 'sources', ...(served && { served }), slots: ['a'] });
  }
  if (served) return { kind: 'sources', served, slots: ['a', 'b'] };
  // If the active slot is unknown, a slot that holds a revision may be it. So may B if the endpoint was moved there
  // while it was being staged; A has to be staged in any case.
  const isOnB = spec !== undefined && state.moved !== undefined && activeSlot(spec, state.moved.configName) === 'b';
  const isFree = (slot: Slot) => slots[slot] === undefined && !(slot === 'b' && isOnB);
  const free = (['a', 'b'] as const).filter((slot) => view === undefined || isFree(slot));
  return view !== undefined && slots.a !== undefined && free.length === 0
    ? { kind: 'keep' }
    : { kind: 'sources', slots: free };
}

function restore({ a }: SlotsView, revision: string, otherwise?: SourcesToDeploy): DeployedData {
  return a === revision ? { kind: 'keep' } : { kind: 'restore', revision, ...(otherwise && { otherwise }) };
}

/**
 * The slot that the endpoint serves from: of the previous deployment, or of the one before. In a rollback, the spec may
 * still be the one before, so another config is taken for slot A of the deployment that is rolled back.
 */
function servedSlot({ spec, state: { replaced }, view, isRollback }: BeforeDeployment): ServedSlot | undefined {
  if (!view) return undefined;
  const slot = spec && activeSlot(spec, view.configName);
  if (slot) return { slot, root: spec.data?.root };
  const before = replaced && activeSlot(replaced, view.configName);
  if (before) return { slot: before, root: replaced?.root };
  return isRollback && replaced ? { slot: 'a', root: replaced.nextRoot } : undefined;
}

/** What a deployment to this slot data replaces. */
export function replacedBy(
  spec: EndpointSpec,
  state: EndpointState,
  next: Pick<SlotData, 'root'>,
): EndpointState['replaced'] {
  const { serving, pin } = state;
  const revision = serving && servedRevision(serving);
  const known = lastRead(state);
  return {
    configs: spec.configs,
    ...(spec.data && { root: spec.data.root }),
    ...(revision !== undefined && { revision }),
    ...(serving?.untested && { untested: true }),
    ...(serving?.tested && { tested: true }),
    nextRoot: next.root,
    ...(known && { read: { revision: known.revision, newest: known.newest } }),
    ...(pin && { pin }),
  };
}

/** The sources before and after a deployment that changes them, which gives every revision another digest. */
export interface ChangedSources {
  /** Undefined: they could not be read. The function may not read a source any more that the deployment removes. */
  readonly before: SourcesView | undefined;
  readonly after: SourcesView | undefined;
  /** LastModified of the newest object at the sources that stay, epoch ms. Absent: it was not asked for. */
  readonly newestKept?: number;
  /** Sources that the deployment removes. */
  readonly removed: readonly SourceSpec[];
  /** The revision before, if those have what serves. Undefined: not known. */
  readonly unchanged?: string;
  /** The revision that the deployment loads. */
  readonly deployed: string;
}

/** The revision of the sources before a deployment, if those that it removes have what serves. Pure. */
export function revisionUnlessRemoved(
  before: readonly SourceSpec[],
  { after, served }: { readonly after: SourcesView; readonly served: readonly SourceFile[] },
): string | undefined {
  // Of what is below a prefix, or in a folder, only a listing is known.
  const isListed = (source: SourceSpec) => 'prefix' in source || 'folder' in source;
  if (after.kind !== 'complete' || before.some(isListed)) return undefined;
  const files = [...after.files, ...served].map((file) => ({ ...file, lastModified: 0 }));
  const objects = before.flatMap((source) => files.find((file) => sourceUriOf(file) === uriOf(source)) ?? []);
  return revisionOf(before, beginListing(before), { objects, faults: [] }).revision;
}

/** What a deployment that changes the sources keeps. */
export interface KeptAcrossSources {
  readonly state: EndpointState;
  /** The quarantine of what is at the sources, under its new digest. */
  readonly carried?: QuarantineEntry;
  /** From the time on at which the endpoint is moved. Until then, and when it is moved back, the pin is as before. */
  readonly pin?: Pin;
}

/**
 * Keeps a person's pin, and the quarantine of what is at the sources, unless the fault may be that of a source which
 * the deployment removes: then what is left is tried. Pure.
 */
export function keepAcrossSources(state: EndpointState, changed: ChangedSources): KeptAcrossSources {
  const { after, deployed, removed, unchanged } = changed;
  const { pin, quarantine = [], serving } = state;
  const newest = after?.revision;
  const before = revisionBefore(state, changed);
  if (newest === undefined || newest === deployed || before === undefined) return { state };
  const entry = quarantineEntryOf(state, before);
  const isAsServed = before === unchanged && (!entry?.failedSmokeTests || serving?.tested);
  const judged = removed.length > 0 && !isAsServed ? undefined : entry;
  const carried = judged && { ...judged, revision: newest };
  const entries = carried && [carried, ...quarantine].slice(0, MAX_QUARANTINED_REVISIONS);
  const isPinned = pin !== undefined && (pin.supersedes ?? before) === before;
  return {
    state: entries ? { ...state, quarantine: entries } : state,
    ...(carried && { carried }),
    ...(isPinned && { pin: { ...pin, revision: deployed, supersedes: newest, supersedesNewest: after?.newest } }),
  };
}

/** What is at the old sources: as read, or as known last if nothing was uploaded since to those that stay. */
function revisionBefore(state: EndpointState, changed: ChangedSources): string | undefined {
  const { before, after, newestKept = after?.newest, unchanged } = changed;
  if (before) return before.revision;
  const known = lastRead(state);
  const isNewer = newestKept === undefined || known === undefined || newestKept > known.newest;
  if (isNewer) return undefined;
  // An upload in parts is as old as its beginning. Where what was read last is what serves, the bytes tell.
  const isServed = state.serving !== undefined && servedRevision(state.serving) === known.revision;
  return isServed && (unchanged ?? known.revision) !== known.revision ? undefined : known.revision;
}
