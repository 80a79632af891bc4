import type { EndpointSpec } from '@freshpoint/cdk/contract';
import { lastMoveOf } from './endpoint-status.ts';
import {
  type ActionRecord,
  isActionRecord,
  isRefreshRecord,
  isStallRecord,
  type ListedRecord,
  type RefreshRecord,
} from './history.ts';
import type { EndpointView, SlotsView, SourcesView } from './observation.ts';
import type { Trigger, Updating } from './rollout.ts';
import { activeSlot, ownsAllData } from './slots.ts';
import {
  type EndpointState,
  MAX_QUARANTINED_REVISIONS,
  type Pin,
  type QuarantineEntry,
  type Serving,
  type Stall,
  type Suspension,
  servedRevision,
} from './state.ts';

/** What is left of an endpoint whose state was lost. */
export interface Remains {
  readonly spec: EndpointSpec;
  /** What was written since: a suspension or a pin, and which answers of DescribeEndpoint are from before the loss. */
  readonly state: EndpointState;
  readonly endpoint: EndpointView;
  readonly slots: SlotsView;
  /** What the revision store has, in any order. */
  readonly revisions: readonly string[];
  readonly sources: SourcesView;
  /** Newest first. */
  readonly history: readonly ListedRecord[];
}

/**
 * The state of an endpoint whose state was lost, from what serves and from the history. No swap follows from the loss,
 * and nothing that was quarantined or that a person rolled back is deployed again. Pure.
 */
export function rebuildState(remains: Remains): EndpointState {
  const { lostAt: _lostAt, moved: _moved, pin: pinSet, ...since } = remains.state;
  const serving = servingOf(remains);
  // A pin that was set since the loss is newer than every record.
  const entries = quarantineOf(remains).filter(({ revision }) => revision !== pinSet?.revision);
  const updating = unconcludedUpdate(remains);
  const pin = pinSet ? pinSinceLoss(remains, pinSet) : pinOf(remains, updating);
  const suspension = since.suspension ?? suspensionOf(remains);
  const stalled = since.stalled ?? stallOf(remains);
  return {
    ...since,
    ...(serving && { serving }),
    ...(remains.revisions.length > 0 && { stored: storedOf(remains, serving) }),
    ...(updating ? { rollout: updating } : moveOf(remains, serving)),
    ...(entries.length > 0 && { quarantine: entries }),
    ...(pin && { pin }),
    ...(suspension && { suspension }),
    ...(stalled && { stalled }),
  };
}

/** That others have updated the endpoint: answers of DescribeEndpoint from before that are outdated. */
function moveOf({ endpoint }: Remains, serving: Serving | undefined): Pick<EndpointState, 'moved'> {
  return serving && serving.since < endpoint.lastModified ? { moved: lastMoveOf(endpoint) } : {};
}

/** The refreshes and deployments, newest first. */
function refreshesOf({ history }: Remains): ListedRecord<RefreshRecord>[] {
  return history.filter(isRefreshRecord);
}

/** What persons did, newest first by the clock of S3: the order of the history is by theirs, which can be any. */
function actionsOf({ history }: Remains, outcome: ActionRecord['outcome']): ListedRecord<ActionRecord>[] {
  const actions = history.filter(isActionRecord).filter((action) => action.outcome === outcome);
  return actions.toSorted((one, other) => other.writtenAt - one.writtenAt);
}

/** What the last ended refresh or deployment left in service. */
function lastServing(remains: Remains): Serving | undefined {
  return refreshesOf(remains).find(({ serving }) => serving)?.serving;
}

/** Slot data says what its models loaded. Of data in place, only the history knows. */
function servingOf(remains: Remains): Serving | undefined {
  const { spec, endpoint, slots, sources } = remains;
  const last = lastServing(remains);
  const { configName, lastModified: since } = endpoint;
  const active = activeSlot(spec, configName);
  const revision = active && slots[active];
  if (revision === undefined) return last;
  if (last?.configName === configName && (last.slotRevision ?? last.revision) === revision) return last;
  if (!ownsAllData(spec)) return { configName, slotRevision: revision, newestSource: 0, since };
  const before = refreshesOf(remains).find(({ serving }) => serving?.revision === revision)?.serving;
  const isNewest = sources.kind === 'complete' && sources.revision === revision;
  const now = isNewest ? { newestSource: sources.newest, size: sources.size } : undefined;
  const { newestSource, size } = before ?? now ?? { newestSource: 0 };
  return { configName, revision, newestSource, since, ...(size !== undefined && { size }) };
}

/** Those that served last come first. */
function storedOf(remains: Remains, serving: Serving | undefined): string[] {
  const { revisions } = remains;
  // What serves now may have no record: its update was not concluded.
  const all = [serving, ...refreshesOf(remains).map((refresh) => refresh.serving)];
  const served = all.flatMap((each) => (each && servedRevision(each)) ?? []);
  const rank = (revision: string) => (served.includes(revision) ? served.indexOf(revision) : served.length);
  return revisions.toSorted((one, other) => rank(one) - rank(other));
}

/** An update that is under way, or has ended without a record: it is concluded, tested and published as any other. */
function unconcludedUpdate(remains: Remains): Updating | undefined {
  const { spec, endpoint, slots } = remains;
  const configName = endpoint.pendingConfigName ?? endpoint.configName;
  const slot = activeSlot(spec, configName);
  if (!ownsAllData(spec) || !slot) return undefined;
  const revision = slots[slot];
  const last = lastServing(remains);
  // Without a history, only an update that is still under way differs from a deployment.
  const isUnderWay = configName !== endpoint.configName;
  if (revision === undefined || (last ? hasServed(last, configName, revision) : !isUnderWay)) return undefined;
  // A deployment has replaced the configs, and moved the endpoint to slot A: on B, it was updated since.
  if (last && slot === 'a' && !activeSlot(spec, last.configName)) return undefined;
  const { lastModified } = endpoint;
  const newestSource = remains.sources.newest ?? lastModified;
  const trigger = triggerOf(remains, revision);
  return {
    phase: 'updating',
    revision,
    trigger,
    seen: lastModified,
    since: lastModified,
    slot,
    configName,
    newestSource,
    endpointModified: lastModified,
    at: lastModified,
    accepted: true,
  };
}

/** Whether it is what serves now. A person may have moved the endpoint away, and an update of another revision back. */
function hasServed(last: Serving, configName: string, revision: string): boolean {
  return last.configName === configName && (last.revision === undefined || last.revision === revision);
}

/**
 * An update to what a person asked for, or to a revision that served before while the newest had its turn or was rolled
 * back.
 */
function triggerOf(remains: Remains, revision: string): Trigger {
  const refreshes = refreshesOf(remains);
  const [last] = refreshes;
  // It was tried before, whatever was uploaded since.
  if (last?.retried && last.revision === revision && last.trigger !== 'deployment') return last.trigger;
  const newest = remains.sources.revision;
  const served = refreshes.some(({ serving }) => serving?.revision === revision);
  const judged = refreshes.filter((record) => record.revision === newest && !record.retried);
  const isRolledBack = newest !== undefined && last?.pin?.supersedes === newest;
  if (newest === revision || !served || (judged.length === 0 && !isRolledBack)) return 'upload';
  return judged[0]?.quarantined?.failedSmokeTests ? 'smoke-test' : 'pin';
}

/**
 * A pin that was set since the loss. It takes precedence over what the controller read first after that, unless that
 * was uploaded later, by the clock of S3.
 */
function pinSinceLoss(remains: Remains, pin: Pin): Pin | undefined {
  const { revision, at, supersedesNewest = 0 } = pin;
  const asked = actionsOf(remains, 'rollback').find((each) => each.revision === revision && Date.parse(each.at) === at);
  return asked && supersedesNewest > asked.writtenAt ? undefined : pin;
}

/** The pin that a person set last, unless something newer has ended it since. */
function pinOf(remains: Remains, updating: Updating | undefined): Pin | undefined {
  const { endpoint, sources } = remains;
  const [asked] = actionsOf(remains, 'rollback');
  const pin = asked ? pinAsked(remains, asked, updating) : refreshesOf(remains)[0]?.pin;
  if (updating?.trigger === 'pin') {
    const { revision } = updating;
    const known = pin?.revision === revision ? pin : { revision, by: 'unknown', at: endpoint.lastModified };
    return { ...known, supersedes: sources.revision };
  }
  // Without a record of the rollback, nothing says that the pin is newer than the update.
  return updating?.trigger === 'upload' && !asked ? undefined : pin;
}

/** The pin of a rollback, as the refreshes since then knew it. */
function pinAsked(
  remains: Remains,
  asked: ListedRecord<ActionRecord>,
  updating: Updating | undefined,
): Pin | undefined {
  const { revision, by, reason, writtenAt } = asked;
  if (revision === undefined) return undefined;
  const at = Date.parse(asked.at);
  const refreshes = refreshesOf(remains);
  // What ended it before it was last in force was undone, as by the rollback of a deployment.
  const inForce = refreshes.findIndex(({ pin }) => pin?.at === at);
  const later = inForce === -1 ? refreshes : refreshes.slice(0, inForce);
  // The command's clock can be any; that of S3, which dates the records, differs little from the controller's.
  const isEnded = later.some((record) => {
    const { outcome, trigger, retried } = record;
    const isRefused = outcome === 'refused' && trigger === 'pin' && !retried && record.revision === revision;
    return Date.parse(record.at) > writtenAt || (isRefused && record.writtenAt >= writtenAt);
  });
  const isOvertaken = updating?.trigger === 'upload' && remains.endpoint.lastModified > writtenAt;
  const isForced = actionsOf(remains, 'refresh').some((action) => action.writtenAt >= writtenAt);
  if (isOvertaken || isForced) return undefined;
  // The rollback of a deployment may have brought back the one before.
  if (isEnded) return refreshes[0]?.pin;
  return refreshes[inForce]?.pin ?? { revision, by, at, ...(reason !== undefined && { reason }) };
}

/** The last suspension, unless it was ended. */
function suspensionOf(remains: Remains): Suspension | undefined {
  const [last] = actionsOf(remains, 'suspend');
  if (!last) return undefined;
  const { by, reason, writtenAt } = last;
  const at = Date.parse(last.at);
  // Swaps that were resumed while the state was lost: it is unknown which suspension that ended.
  const isEnded = actionsOf(remains, 'resume').some((resume) =>
    resume.ends === undefined ? resume.writtenAt >= writtenAt : resume.ends === at,
  );
  if (isEnded) return undefined;
  return { by, at, ...(reason !== undefined && { reason }) };
}

/** The last stall that was to be published, unless its end was, too. */
function stallOf({ history }: Remains): Stall | undefined {
  const stalls = history.filter(isStallRecord);
  const last = stalls.find(({ outcome }) => outcome === 'stalled');
  if (!last || stalls.some(({ outcome, at }) => outcome === 'recovered' && at === last.at)) return undefined;
  const { at, reason, message } = last;
  return { since: Date.parse(at), reason, message, published: true, rebuilt: true };
}

/** Newest first. A success ends the quarantine of its revision, and so does a person's retry or rollback. */
function quarantineOf(remains: Remains): QuarantineEntry[] {
  const entries = new Map<string, QuarantineEntry>();
  for (const { outcome, revision, quarantined } of refreshesOf(remains).reverse()) {
    if (outcome === 'succeeded') entries.delete(revision);
    if (!quarantined) continue;
    entries.delete(revision);
    entries.set(revision, quarantined);
  }
  for (const { revision = '', ends = 0 } of [...actionsOf(remains, 'retry'), ...actionsOf(remains, 'rollback')]) {
    if ((entries.get(revision)?.at ?? Number.POSITIVE_INFINITY) <= ends) entries.delete(revision);
  }
  return [...entries.values()].reverse().slice(0, MAX_QUARANTINED_REVISIONS);
}
