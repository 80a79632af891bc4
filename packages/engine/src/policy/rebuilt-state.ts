import type { EndpointSpec } from '@freshpoint/cdk/contract';
import type { HistoryRecord } from './history.ts';
import type { EndpointView, SlotsView, SourcesView } from './observation.ts';
import type { Trigger, Updating } from './rollout.ts';
import { activeSlot, ownsAllData } from './slots.ts';
import {
  type EndpointState,
  MAX_QUARANTINED_REVISIONS,
  type Pin,
  type QuarantineEntry,
  type Serving,
  servedRevision,
} from './state.ts';

/** What is left of an endpoint whose state was lost. */
export interface Remains {
  readonly spec: EndpointSpec;
  /** What was written since: a suspension or a pin. */
  readonly state: EndpointState;
  readonly endpoint: EndpointView;
  readonly slots: SlotsView;
  /** What the revision store has, in any order. */
  readonly revisions: readonly string[];
  readonly sources: SourcesView;
  /** Newest first. */
  readonly history: readonly HistoryRecord[];
}

/**
 * The state of an endpoint whose state was lost, from what serves and from the history. No swap follows from the loss,
 * and nothing that was quarantined or that a person rolled back is deployed again. Pure.
 */
export function rebuildState(remains: Remains): EndpointState {
  const { lostAt: _, ...since } = remains.state;
  const serving = servingOf(remains);
  const entries = quarantineOf(remains.history);
  const updating = unconcludedUpdate(remains);
  const pin = since.pin ?? pinOf(remains, updating);
  return {
    ...since,
    ...(serving && { serving }),
    ...(remains.revisions.length > 0 && { stored: storedOf(remains) }),
    ...(updating && { rollout: updating }),
    ...(entries.length > 0 && { quarantine: entries }),
    ...(pin && { pin }),
  };
}

/** What the last ended refresh or deployment left in service. */
function lastServing({ history }: Remains): Serving | undefined {
  return history.find(({ serving }) => serving)?.serving;
}

/** Slot data says what its models loaded. Of data in place, only the history knows. */
function servingOf(remains: Remains): Serving | undefined {
  const { spec, endpoint, slots, sources, history } = remains;
  const last = lastServing(remains);
  const { configName, lastModified: since } = endpoint;
  const active = activeSlot(spec, configName);
  const revision = active && slots[active];
  if (!ownsAllData(spec) || revision === undefined) return last;
  if (last?.configName === configName && last.revision === revision) return last;
  const before = history.find(({ serving }) => serving?.revision === revision)?.serving;
  const isNewest = sources.kind === 'complete' && sources.revision === revision;
  const now = isNewest ? { newestSource: sources.newest, size: sources.size } : undefined;
  const { newestSource, size } = before ?? now ?? { newestSource: 0 };
  return { configName, revision, newestSource, since, ...(size !== undefined && { size }) };
}

/** Those that served last come first. */
function storedOf({ revisions, history }: Remains): string[] {
  const served = history.flatMap(({ serving }) => (serving && servedRevision(serving)) ?? []);
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
  if (revision === undefined || (last ? last.configName === configName : !isUnderWay)) return undefined;
  // A deployment has replaced the configs, and moved the endpoint.
  if (last && !activeSlot(spec, last.configName)) return undefined;
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

/** An update to a revision that served before, while the newest had its turn, is a rollback. */
function triggerOf({ sources, history }: Remains, revision: string): Trigger {
  const newest = sources.revision;
  const served = history.some(({ serving }) => serving?.revision === revision);
  const judged = history.filter((record) => record.revision === newest && !record.retried);
  if (newest === revision || !served || judged.length === 0) return 'upload';
  return judged[0]?.quarantined?.failedSmokeTests ? 'smoke-test' : 'pin';
}

/** The pin that the last refresh was made for, unless an upload has ended it since. */
function pinOf({ history, endpoint, sources }: Remains, updating: Updating | undefined): Pin | undefined {
  if (updating?.trigger === 'pin') {
    const { revision } = updating;
    return { revision, by: 'unknown', at: endpoint.lastModified, supersedes: sources.revision };
  }
  if (updating?.trigger === 'upload') return undefined;
  const last = history.find(({ outcome, trigger }) => outcome === 'succeeded' || trigger === 'upload');
  return last?.pin;
}

/** Newest first. A success ends the quarantine of its revision. */
function quarantineOf(history: readonly HistoryRecord[]): QuarantineEntry[] {
  const entries = new Map<string, QuarantineEntry>();
  for (const { outcome, revision, quarantined } of history.toReversed()) {
    if (outcome === 'succeeded') entries.delete(revision);
    if (!quarantined) continue;
    entries.delete(revision);
    entries.set(revision, quarantined);
  }
  return [...entries.values()].reverse().slice(0, MAX_QUARANTINED_REVISIONS);
}
