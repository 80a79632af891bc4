import type { EndpointSpec } from '@freshpoint/cdk/contract';
import type { EndpointView, ExistingEndpoint, SourcesView } from './observation.ts';
import type { RolloutTarget } from './rollout.ts';
import { ownsAllData } from './slots.ts';
import { type EndpointState, type Serving, type Updating, withoutUpdating } from './state.ts';

/** Whether the active fleet is on record as serving the target, and cannot have loaded other bytes. */
export function servesTarget(
  { spec, endpoint }: ExistingEndpoint,
  { serving }: EndpointState,
  target: RolloutTarget,
): boolean {
  if (serving?.configName !== endpoint.configName) return false;
  if (ownsAllData(spec)) return serving.revision === target.revision;
  // Instances load the sources themselves, at launch. If the sources were written and the endpoint was touched since
  // (moved and moved back, rolled back, scaled), some of them may have loaded what was there in between.
  const isWritten = target.newest > serving.newestSource;
  const isTouched = endpoint.lastModified > serving.since;
  return serving.revision === target.revision && !(isWritten && isTouched);
}

/** Whether the serving revision failed its smoke tests. */
export function servesFailedRevision({ serving, quarantine }: EndpointState, endpoint: EndpointView): boolean {
  if (serving?.revision === undefined || serving.configName !== endpoint.configName) return false;
  return quarantine?.some((entry) => entry.failedSmokeTests && entry.revision === serving.revision) ?? false;
}

/** The state once the endpoint is InService on the update's config; `revision` is what its fleet loaded, if known. */
export function withServing(
  { state, endpoint }: ExistingEndpoint,
  updating: Updating,
  revision: string | undefined,
): EndpointState {
  const serving: Serving = {
    configName: updating.configName,
    revision,
    newestSource: updating.newestSource,
    since: endpoint.lastModified,
    ...(updating.size !== undefined && { size: updating.size }),
  };
  return { ...withoutUpdating(state), retries: undefined, deployment: undefined, settling: undefined, serving };
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
