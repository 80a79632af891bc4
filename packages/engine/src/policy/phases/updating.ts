import type { Conclusion } from '../conclusion.ts';
import { isInTransition, lastMoveOf } from '../endpoint-status.ts';
import { isRevisionsFault, judgeFailure } from '../failure-reasons.ts';
import { LEASE_TTL_MS } from '../lease.ts';
import type { EndpointView, ExistingEndpoint } from '../observation.ts';
import { eventSubject } from '../refresh-event.ts';
import { nextAttempt } from '../retries.ts';
import { type RecordedUpdate, recordedUpdate, type Testing } from '../rollout.ts';
import { isLoadedAsRead, withFleet } from '../serving.ts';
import { type EndpointState, quarantine, truncateMessage, withoutQuarantine, withoutUpdate } from '../state.ts';
import { failSmokeTests, hasSmokeTests, isDeferred } from './testing.ts';

/** Once DescribeEndpoint has not shown an accepted call for this time, in ms, it counts as refused. */
const STALE_AFTER_MS = 5 * 60_000;

/**
 * Third phase: concludes what became of the recorded update, from the endpoint's status, config and LastModifiedTime,
 * and from the sources as they are now. Instances load what is there when they launch, so a success or a refusal is
 * this revision's only if nothing was written since. Pure; a state without an update is returned as it is.
 */
export function conclude(o: ExistingEndpoint): Conclusion {
  const { spec, state, endpoint } = o;
  const update = recordedUpdate(state);
  if (!update || isDeferred(state)) return { state, events: [] };
  // A deployment replaced the slot's config, so the update of the old one no longer matters.
  if (spec.configs[update.slot] !== update.configName) return { state: withoutUpdate(state), events: [] };
  if (endpoint.status !== 'InService') return adopt(state, update, endpoint);
  const isInUse = endpoint.configName === update.configName;
  if (isInUse && isOlder(endpoint, update)) return { state: withoutUpdate(state), events: [] };
  // Others have moved it on, which SageMaker lets them do only once it is in service.
  if (isInUse || update.reached || update.phase === 'testing') {
    const verdict = update.phase === 'testing' ? update.verdict : undefined;
    if (verdict?.kind !== 'failed') return succeed(o, update);
    return failSmokeTests(o, update, verdict.message);
  }

  const isTouched = endpoint.lastModified > update.endpointModified;
  const isJudged =
    endpoint.failureReason !== undefined && truncateMessage(endpoint.failureReason) !== update.failureReasonBefore;
  if (update.accepted) {
    if (!isTouched && !isJudged) return untilShown(o, update);
    return refuse(o, update);
  }
  if (isTouched && isJudged) return refuse(o, update);
  // As far as the endpoint shows, the call was never made, so the swap is decided again. If it was made after all,
  // SageMaker rejects the next one as in progress.
  return { state: withoutUpdate(state), events: [] };
}

/**
 * Whether the endpoint was on this config before the update was recorded: others had moved it, and an outdated answer
 * of DescribeEndpoint hid that. SageMaker's clock and the controller's differ by less than an update takes.
 */
function isOlder({ lastModified }: EndpointView, { accepted, repeatsAt, at }: RecordedUpdate): boolean {
  return !accepted && repeatsAt === undefined && lastModified < at;
}

/**
 * Whether the pass that recorded the update may still be about to call UpdateEndpoint, and nothing shows that it did.
 * Removing the record now would leave an update that no state knows of.
 */
export function isUpdateImminent({ now, spec, state, endpoint }: ExistingEndpoint): boolean {
  const update = recordedUpdate(state);
  if (!update || update.accepted || now - update.at >= LEASE_TTL_MS) return false;
  return (
    endpoint.status === 'InService' &&
    endpoint.configName !== update.configName &&
    endpoint.lastModified <= update.endpointModified &&
    spec.configs[update.slot] === update.configName
  );
}

/**
 * An accepted call changes LastModifiedTime, so an answer without it is from before: also one that comes when the
 * update has ended. How long ago the call was made says nothing.
 */
function untilShown(o: ExistingEndpoint, update: RecordedUpdate): Conclusion {
  const { unshownSince = o.now } = update;
  if (o.now - unshownSince >= STALE_AFTER_MS) return refuse(o, update);
  const state = update.unshownSince === undefined ? { ...o.state, rollout: { ...update, unshownSince } } : o.state;
  return { state, events: [], stale: true };
}

/** Takes over an update that is in progress although its call was never recorded as accepted. */
function adopt(state: EndpointState, update: RecordedUpdate, endpoint: EndpointView): Conclusion {
  const isAfter = isInTransition(endpoint) && endpoint.configName === update.configName;
  if (update.accepted && isAfter) return reach(state, update, endpoint);
  const isOurs = endpoint.status === 'Updating' && endpoint.pendingConfigName === update.configName;
  if (update.accepted || !isOurs) {
    const { unshownSince, ...shown } = update;
    return { state: unshownSince === undefined ? state : { ...state, rollout: shown }, events: [] };
  }
  return {
    state: { ...state, rollout: { ...update, accepted: true } },
    events: [{ type: 'started', ...eventSubject(update) }],
  };
}

/** Others are updating the endpoint, so it was in service on the update's config, although no pass has seen that. */
function reach(state: EndpointState, update: RecordedUpdate, endpoint: EndpointView): Conclusion {
  if (update.reached || update.phase === 'testing') return { state, events: [] };
  return { state: { ...state, rollout: { ...update, reached: true }, moved: lastMoveOf(endpoint) }, events: [] };
}

function succeed(o: ExistingEndpoint, update: RecordedUpdate): Conclusion {
  const { spec, endpoint } = o;
  const { servedSince, verdict, unanswered }: Partial<Testing> = update.phase === 'testing' ? update : {};
  const isMovedOn = endpoint.configName !== update.configName;
  const seconds = Math.max(0, Math.round(((servedSince ?? endpoint.lastModified) - update.newestSource) / 1000));
  // What is rolled out again, after a move by hand or as a person asked, was not uploaded just now.
  const isUpload = update.trigger === 'upload' && update.newestSource > (o.state.serving?.newestSource ?? 0);
  const isTested = update.phase === 'testing' || (isMovedOn && hasSmokeTests(spec, update));
  const tests = isTested ? { [verdict ? 'tested' : 'untested']: true } : {};
  // Something newer came, or others moved it on, before the smoke tests had a verdict.
  const why = isMovedOn ? 'others have updated the endpoint.' : 'the smoke tests did not end.';
  const state = withoutQuarantine(withFleet(o, update), update.revision);
  return {
    state: state.serving ? { ...state, serving: { ...state.serving, ...tests } } : state,
    events: [
      {
        type: 'succeeded',
        ...eventSubject(update),
        ...(isTested && !verdict && { warning: `Not tested: ${unanswered ?? why}` }),
        // Of one that was moved on, nobody saw when it came into service.
        ...(isUpload && !isMovedOn && { secondsFromUpload: seconds }),
      },
    ],
  };
}

function refuse(o: ExistingEndpoint, update: RecordedUpdate): Conclusion {
  const { failureReason } = o.endpoint;
  const { revision, trigger } = update;
  const next = withTouchedFleet(withoutUpdate(o.state), update, o.endpoint);
  const { fault } = judgeFailure(failureReason);
  const refused = { type: 'refused', ...eventSubject(update), fault } as const;
  const isUnsure = trigger === 'upload' && !isLoadedAsRead(o, update);
  if (failureReason !== undefined && isRevisionsFault(fault) && isUnsure) {
    // Other bytes than this revision's may be at fault. Those that are there now are judged on their own.
    return { state: { ...next, rollout: undefined }, events: [{ ...refused, message: failureReason, retried: true }] };
  }
  const message = failureReason ?? 'SageMaker rolled back to the previous endpoint config without giving a reason.';
  const failed = { revision, trigger, stage: 'update', fault, message, at: o.now } as const;
  const retries = nextAttempt(o.state, failed);
  if (retries) return { state: { ...next, retries }, events: [{ ...refused, message, retried: true }] };
  const attempts = (o.state.retries?.revision === revision ? o.state.retries.attempts : 0) + 1;
  const judged = isRevisionsFault(fault) ? message : `${message} (${attempts} attempts)`;
  return {
    state: quarantine({ ...next, rollout: undefined }, { revision, at: o.now, message: judged }),
    events: [{ ...refused, message: judged, retried: false }],
  };
}

/**
 * A refused update changes LastModifiedTime, but not the fleet in service: unless something else touched the endpoint
 * before it, or since, which removes the FailureReason.
 */
function withTouchedFleet(state: EndpointState, update: RecordedUpdate, endpoint: EndpointView): EndpointState {
  const { serving } = state;
  if (endpoint.failureReason === undefined) {
    // Others may have moved it: answers of DescribeEndpoint from before that are outdated.
    return endpoint.lastModified > update.endpointModified ? { ...state, moved: lastMoveOf(endpoint) } : state;
  }
  if (serving?.configName !== endpoint.configName || serving.since < update.endpointModified) return state;
  return { ...state, serving: { ...serving, since: endpoint.lastModified } };
}
