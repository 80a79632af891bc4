import type { Slot } from '@freshpoint/cdk/contract';
import { type Rollout, recordedUpdate } from '@freshpoint/engine/policy/rollout';
import { activeSlot } from '@freshpoint/engine/policy/slots';
import { type QuarantineEntry, quarantineEntryOf, servedRevision } from '@freshpoint/engine/policy/state';
import type { EndpointReport } from './report.ts';

/** The status of one endpoint, as `--json` prints it. Times are ISO 8601. */
export interface EndpointStatusView {
  readonly endpoint: string;
  /** Absent: its spec or state cannot be read, so nothing is known. */
  readonly endpointName?: string;
  /** EndpointStatus of SageMaker, or `Gone`. Absent: it cannot be read. */
  readonly status?: string;
  readonly serving?: { readonly revision?: string; readonly slot?: Slot; readonly since: string };
  /** The sources as they are in S3 now. Absent: they cannot be read, or there are none. */
  readonly newest?: { readonly revision: string; readonly uploadedAt: string };
  readonly rollout?: {
    readonly revision: string;
    readonly phase: Rollout['phase'];
    readonly since: string;
  };
  /** Why the controller does no more now; `until`: when it continues at the latest. */
  readonly waiting?: { readonly reason: string; readonly message: string; readonly until?: string };
  readonly suspended?: PersonView;
  readonly pinned?: PersonView & { readonly revision: string; readonly passedOver: boolean };
  /** Newest first. */
  readonly quarantined: readonly QuarantineView[];
  readonly stalled?: { readonly since: string; readonly reason: string; readonly message: string };
  /** The endpoint runs something other than the controller made it serve. */
  readonly moved?: string;
  /** What could not be read, and why. */
  readonly problem?: string;
  /** Only a person can make the newest upload serve, or the endpoint is stalled. */
  readonly needsAttention: boolean;
}

interface PersonView {
  readonly by: string;
  readonly at: string;
  readonly reason?: string;
}

interface QuarantineView {
  readonly revision: string;
  readonly at: string;
  readonly message?: string;
}

/** The status that a report shows. */
export function statusView(report: EndpointReport): EndpointStatusView {
  const { endpoint, spec, state, view, problem } = report;
  const { suspension, pin, stalled, quarantine = [] } = state;
  const shownStall = stalled?.published ? stalled : undefined;
  return {
    endpoint,
    endpointName: spec.endpointName,
    ...(view && { status: view === 'gone' ? 'Gone' : view.status }),
    ...servingIn(report),
    ...newestIn(report),
    ...rolloutIn(report),
    ...waitingIn(report),
    ...(suspension && { suspended: personView(suspension) }),
    ...(pin && {
      pinned: { ...personView(pin), revision: pin.revision, passedOver: pin.passedOver === true },
    }),
    quarantined: quarantine.map(quarantineView),
    ...(shownStall && {
      stalled: { since: isoTime(shownStall.since), reason: shownStall.reason, message: shownStall.message },
    }),
    ...movedIn(report),
    ...(problem !== undefined && { problem }),
    needsAttention: shownStall !== undefined || needsPerson(report),
  };
}

function servingIn({ spec, state: { serving } }: EndpointReport): Pick<EndpointStatusView, 'serving'> {
  if (!serving) return {};
  const { configName, since } = serving;
  const revision = servedRevision(serving);
  const slot = activeSlot(spec, configName);
  return {
    serving: { ...(revision !== undefined && { revision }), ...(slot && { slot }), since: isoTime(since) },
  };
}

function newestIn({ sources }: EndpointReport): Pick<EndpointStatusView, 'newest'> {
  if (sources?.kind !== 'complete') return {};
  return { newest: { revision: sources.revision, uploadedAt: isoTime(sources.newest) } };
}

function rolloutIn({ state: { rollout } }: EndpointReport): Pick<EndpointStatusView, 'rollout'> {
  if (!rollout) return {};
  const { revision, phase } = rollout;
  return { rollout: { revision, phase, since: isoTime('at' in rollout ? rollout.at : rollout.seen) } };
}

function waitingIn({ state, next, now }: EndpointReport): Pick<EndpointStatusView, 'waiting'> {
  if (state.lostAt !== undefined) {
    return { waiting: { reason: 'StateLost', message: 'The state was deleted and is being rebuilt.' } };
  }
  if (next?.kind !== 'requeue' && next?.kind !== 'stalled') return {};
  const { reason, message } = next;
  const until = next.kind === 'requeue' && isWaitForTime(reason) && next.seconds !== undefined;
  return { waiting: { reason, message, ...(until && { until: isoTime(now + (next.seconds ?? 0) * 1000) }) } };
}

/** Of other reasons, the seconds are only when the controller asks again. */
export function isWaitForTime(reason: string): boolean {
  return reason === 'Settling' || reason === 'Retrying' || reason === 'Testing';
}

/** Another config than the one that the controller knows of, although neither it nor a deployment is changing it. */
export function movedIn({ spec, state, view }: EndpointReport): Pick<EndpointStatusView, 'moved'> {
  if (!view || view === 'gone' || view.status !== 'InService' || state.deployment || recordedUpdate(state)) return {};
  const { serving } = state;
  if (!serving || serving.configName === view.configName) return {};
  const slot = activeSlot(spec, view.configName);
  const what = slot === undefined ? 'a config that belongs to no slot' : `slot ${slot.toUpperCase()}`;
  return { moved: `The endpoint was moved by hand to ${view.configName}, ${what}.` };
}

/** Only a person can make the newest upload serve. What the controller has not recorded yet may still be retried. */
export function needsPerson({ view, next, state }: EndpointReport): boolean {
  if (view === 'gone' || next?.kind === 'stalled') return true;
  return next?.kind === 'done' && next.reason === 'Quarantined' && !recordedUpdate(state);
}

/** Why the newest upload is in quarantine, if it is. */
export function newestQuarantine({ state, sources }: EndpointReport): QuarantineEntry | undefined {
  return sources?.revision === undefined ? undefined : quarantineEntryOf(state, sources.revision);
}

function quarantineView({ revision, at, message }: QuarantineEntry): QuarantineView {
  return { revision, at: isoTime(at), ...(message !== undefined && { message }) };
}

function personView({ by, at, reason }: { by: string; at: number; reason?: string }): PersonView {
  return { by, at: isoTime(at), ...(reason !== undefined && { reason }) };
}

function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
