import type { EndpointSpec } from '@freshpoint/cdk/contract';
import type { EndpointView, ExistingEndpoint, SourcesView } from './observation.ts';
import type { RolloutTarget } from './ready-endpoint.ts';
import { servedLast, withStored } from './retention.ts';
import type { RecordedUpdate } from './rollout.ts';
import { ownsAllData } from './slots.ts';
import { type EndpointState, quarantineEntryOf, type Serving, servedRevision } from './state.ts';

/** Whether the active fleet is on record as serving the target, and cannot have loaded other bytes. */
export function servesTarget(
  { spec, endpoint }: ExistingEndpoint,
  { serving }: EndpointState,
  target: RolloutTarget,
): boolean {
  if (serving?.configName !== endpoint.configName) return false;
  if (serving.untested && target.trigger === 'upload' && spec.smokeTests?.length) return false;
  if (ownsAllData(spec)) return serving.revision === target.revision;
  // A rollback restores slot data only.
  if (spec.data && target.trigger !== 'upload') return serving.slotRevision === target.revision;
  // Instances load the sources themselves, at launch. If the sources were written and the endpoint was touched since
  // (moved and moved back, rolled back, scaled), some of them may have loaded what was there in between.
  const isWritten = target.newest > serving.newestSource;
  const isTouched = endpoint.lastModified > serving.since;
  return serving.revision === target.revision && !(isWritten && isTouched);
}

/** Whether the serving revision failed its smoke tests. */
export function servesFailedRevision(state: EndpointState, endpoint: EndpointView): boolean {
  const { serving } = state;
  const revision = serving && servedRevision(serving);
  if (revision === undefined || serving?.configName !== endpoint.configName) return false;
  return quarantineEntryOf(state, revision)?.failedSmokeTests ?? false;
}

/** The state once the endpoint is InService on the update's config, with what its fleet loaded if that is known. */
export function withFleet(o: ExistingEndpoint, update: RecordedUpdate): EndpointState {
  return withServing(o, update, isLoadedAsRead(o, update) && !update.ambiguous ? update.revision : undefined);
}

/** The state once the endpoint is InService on the update's config; `revision` is what its fleet loaded, if known. */
export function withServing(
  { spec, state, endpoint }: ExistingEndpoint,
  update: RecordedUpdate,
  revision: string | undefined,
): EndpointState {
  const slotRevision = spec.data?.partial && !update.ambiguous ? update.revision : undefined;
  const before = state.serving;
  const untested = before?.untested ? servedRevision(before) : state.untested;
  const isUntested = untested === update.revision && update.trigger !== 'upload';
  const serving: Serving = {
    configName: update.configName,
    revision,
    ...(slotRevision !== undefined && { slotRevision }),
    newestSource: update.newestSource,
    since: endpoint.lastModified,
    ...(update.size !== undefined && { size: update.size }),
    ...(isUntested && { untested: true }),
  };
  const ended = { ...state, retries: undefined, deployment: undefined, rollout: undefined, moved: undefined };
  // The slot was filled from the store, also if the pass that did so died before it recorded that.
  const stored = spec.data && !update.ambiguous ? withStored(ended, update.revision) : ended;
  const next = { ...stored, serving, untested: untested === update.revision ? undefined : untested };
  return servedLast(next, servedRevision(serving));
}

/** Whether the fleet loaded exactly the bytes that were read as this revision. */
export function isLoadedAsRead(
  { spec, sources }: { readonly spec: Pick<EndpointSpec, 'data'>; readonly sources?: SourcesView },
  read: { readonly revision?: string; readonly newestSource: number },
): boolean {
  return ownsAllData(spec) || isUnchanged(read, sources);
}

/** Whether the sources are still the bytes that were read, and were not written again. Unknown sources are not. */
function isUnchanged(
  read: { readonly revision?: string; readonly newestSource: number },
  sources: SourcesView | undefined,
): boolean {
  return sources?.kind === 'complete' && sources.revision === read.revision && sources.newest === read.newestSource;
}
