import type { Conclusion } from '../conclusion.ts';
import { isRevisionsFault, judgeFailure } from '../failure-reasons.ts';
import { LEASE_TTL_MS } from '../lease.ts';
import type { EndpointView, ExistingEndpoint } from '../observation.ts';
import { eventSubject } from '../refresh-event.ts';
import { nextAttempt } from '../retries.ts';
import { isLoadedAsRead, withServing } from '../serving.ts';
import {
  type EndpointState,
  quarantine,
  truncateMessage,
  type Updating,
  withoutQuarantine,
  withoutUpdating,
} from '../state.ts';
import { failSmokeTests } from './testing.ts';

/** Once DescribeEndpoint has not shown an accepted call for this time, in ms, it counts as refused. */
const STALE_AFTER_MS = 5 * 60_000;

/**
 * Third phase: concludes what became of the recorded update, from the endpoint's status, config and LastModifiedTime,
 * and from the sources as they are now. Instances load what is there when they launch, so a success or a refusal is
 * this revision's only if nothing was written since. Pure; a state without an update is returned as it is.
 */
export function conclude(o: ExistingEndpoint): Conclusion {
  const { spec, state, endpoint } = o;
  const { updating } = state;
  if (!updating) return { state, events: [] };
  // A deployment replaced the slot's config, so the update of the old one no longer matters.
  if (spec.configs[updating.slot] !== updating.configName) return { state: withoutUpdating(state), events: [] };
  if (endpoint.status !== 'InService') return adopt(state, updating, endpoint);
  if (endpoint.configName === updating.configName) {
    const { verdict } = updating;
    if (verdict?.kind !== 'failed') return succeed(o, updating);
    return failSmokeTests(o, updating, verdict.message);
  }

  const isTouched = endpoint.lastModified > updating.endpointModified;
  const isJudged =
    endpoint.failureReason !== undefined && truncateMessage(endpoint.failureReason) !== updating.failureReasonBefore;
  if (updating.accepted) {
    if (!isTouched && !isJudged) return untilShown(o, updating);
    return refuse(o, updating);
  }
  if (isTouched && isJudged) return refuse(o, updating);
  // As far as the endpoint shows, the call was never made, so the swap is decided again. If it was made after all,
  // SageMaker rejects the next one as in progress.
  return { state: withoutUpdating(state), events: [] };
}

/**
 * Whether the pass that recorded the update may still be about to call UpdateEndpoint, and nothing shows that it did.
 * Removing the record now would leave an update that no state knows of.
 */
export function isUpdateImminent({ now, spec, state: { updating }, endpoint }: ExistingEndpoint): boolean {
  if (!updating || updating.accepted || now - updating.at >= LEASE_TTL_MS) return false;
  return (
    endpoint.status === 'InService' &&
    endpoint.configName !== updating.configName &&
    endpoint.lastModified <= updating.endpointModified &&
    spec.configs[updating.slot] === updating.configName
  );
}

/**
 * An accepted call changes LastModifiedTime, so an answer without it is from before: also one that comes when the
 * update has ended. How long ago the call was made says nothing.
 */
function untilShown(o: ExistingEndpoint, updating: Updating): Conclusion {
  const { unshownSince = o.now } = updating;
  if (o.now - unshownSince >= STALE_AFTER_MS) return refuse(o, updating);
  const state = updating.unshownSince === undefined ? { ...o.state, updating: { ...updating, unshownSince } } : o.state;
  return { state, events: [], stale: true };
}

/** Takes over an update that is in progress although its call was never recorded as accepted. */
function adopt(state: EndpointState, updating: Updating, endpoint: EndpointView): Conclusion {
  const isOurs = endpoint.status === 'Updating' && endpoint.pendingConfigName === updating.configName;
  if (updating.accepted || !isOurs) {
    const { unshownSince, ...shown } = updating;
    return { state: unshownSince === undefined ? state : { ...state, updating: shown }, events: [] };
  }
  return {
    state: { ...state, updating: { ...updating, accepted: true } },
    events: [{ type: 'started', ...eventSubject(updating) }],
  };
}

function succeed(o: ExistingEndpoint, updating: Updating): Conclusion {
  const seconds = Math.max(0, Math.round((o.endpoint.lastModified - updating.newestSource) / 1000));
  const loaded = isLoadedAsRead(o, updating) && !updating.ambiguous ? updating.revision : undefined;
  return {
    state: withoutQuarantine(withServing(o, updating, loaded), updating.revision),
    events: [
      {
        type: 'succeeded',
        ...eventSubject(updating),
        ...untestedWarning(updating),
        ...(updating.trigger === 'upload' && { secondsFromUpload: seconds }),
      },
    ],
  };
}

/** Something newer came before the smoke tests were answered. */
function untestedWarning({ unanswered, verdict }: Updating): { readonly warning?: string } {
  return unanswered === undefined || verdict ? {} : { warning: `Not tested: ${unanswered}` };
}

function refuse(o: ExistingEndpoint, updating: Updating): Conclusion {
  const { failureReason } = o.endpoint;
  const { revision, trigger } = updating;
  const next = withTouchedFleet(withoutUpdating(o.state), updating, o.endpoint);
  const { fault } = judgeFailure(failureReason);
  const refused = { type: 'refused', ...eventSubject(updating), fault } as const;
  if (failureReason !== undefined && isRevisionsFault(fault) && !isLoadedAsRead(o, updating)) {
    // Other bytes than this revision's may be at fault. Those that are there now are judged on their own.
    return { state: { ...next, settling: undefined }, events: [{ ...refused, message: failureReason, retried: true }] };
  }
  const message = failureReason ?? 'SageMaker rolled back to the previous endpoint config without giving a reason.';
  const failed = { revision, trigger, stage: 'update', fault, message, at: o.now } as const;
  const retries = nextAttempt(o.state, failed);
  if (retries) return { state: { ...next, retries }, events: [{ ...refused, message, retried: true }] };
  const attempts = (o.state.retries?.revision === revision ? o.state.retries.attempts : 0) + 1;
  const judged = isRevisionsFault(fault) ? message : `${message} (${attempts} attempts)`;
  return {
    state: quarantine(next, { revision, at: o.now, message: judged }),
    events: [{ ...refused, message: judged, retried: false }],
  };
}

/**
 * A refused update changes LastModifiedTime, but not the fleet in service: unless something else touched the endpoint
 * before it, or since, which removes the FailureReason.
 */
function withTouchedFleet(state: EndpointState, updating: Updating, endpoint: EndpointView): EndpointState {
  const { serving } = state;
  if (endpoint.failureReason === undefined) return state;
  if (serving?.configName !== endpoint.configName || serving.since < updating.endpointModified) return state;
  return { ...state, serving: { ...serving, since: endpoint.lastModified } };
}
