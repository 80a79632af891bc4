import type { EndpointSpec, Slot } from '@freshpoint/cdk/contract';
import type { EndpointView, SourceFile, SourcesView, TestsView } from './observation.ts';
import { type Cause, cutReason, type EndpointState, type Intent, quarantine, released } from './state.ts';

/** Something that happened to a refresh and is told to the world (contract 10). */
export interface Telling {
  /** `deployed`: by a deployment of the stack, not by the loop. */
  readonly what: 'started' | 'succeeded' | 'refused' | 'deployed';
  readonly revision: string;
  readonly slot: Slot;
  readonly configName: string;
  /** Why it was refused. */
  readonly reason?: string;
  /** Of a refusal: whether the revision is tried again by itself. */
  readonly retried?: boolean;
  /** Of a success after an upload: from the newest source's upload to served, in seconds. */
  readonly secondsFromUpload?: number;
  readonly by?: Cause;
  /** What is odd about the revision, and no reason to refuse it. */
  readonly warning?: string;
  /** When the loop set about it, epoch ms. */
  readonly begun?: number;
  /** Of a refusal before the endpoint was asked: what was looked at. */
  readonly sources?: readonly SourceFile[];
}

/** What is known once the endpoint has been looked at: the state as it is now, and what to tell. */
export interface Conclusion {
  readonly state: EndpointState;
  readonly tell: readonly Telling[];
  /** The call was accepted, yet DescribeEndpoint shows nothing of it: its answer is stale. */
  readonly stale?: true;
}

/** Tries of one revision that are refused without a judgement on the model (contract 5). */
export const TRIES = 3;

/** An accepted call that DescribeEndpoint still doesn't show after so long, in ms, counts as refused. */
export const STALE_AFTER = 5 * 60_000;

/**
 * So long, in ms, somebody who wrote an intent may be about to call UpdateEndpoint: the function's timeout, and as much
 * again for clocks.
 */
export const OWNER_ALIVE = 120_000;

/** Whether all that the models load lies in places that only the loop writes: then what was given is what is loaded. */
export function ownsData({ data }: EndpointSpec): boolean {
  return data !== undefined && !data.partial;
}

/** Whether the endpoint is where the intent wanted it, and still has to answer its smoke tests. */
export function isToBeTested(spec: EndpointSpec, { intent }: EndpointState, endpoint: EndpointView): boolean {
  if (intent?.by !== 'upload' || !spec.data || !spec.smokeTests?.length) return false;
  const isThere = endpoint.status === 'InService' && endpoint.configName === intent.configName;
  return isThere && spec.configs[intent.slot] === intent.configName;
}

/** FailureReason of an error inside SageMaker, which says nothing about the model. */
const INTERNAL = /^Request to service failed/i;

/**
 * Contracts 5 and 7: what became of the intent, told from the endpoint's status, config and LastModifiedTime, and from
 * the sources as they are now: instances load what is there when they are launched, so a success or a refusal is the
 * intent's revision's only if nothing was written since. Without `sources` that isn't known.
 * Pure; a state without an intent is returned as it is.
 */
export function conclude(
  now: number,
  spec: EndpointSpec,
  state: EndpointState,
  endpoint: EndpointView,
  sources?: SourcesView,
  tests?: TestsView,
): Conclusion {
  const { intent } = state;
  if (!intent) return { state, tell: [] };
  // A deployment gave the slot another config: whatever became of the old one no longer matters.
  if (spec.configs[intent.slot] !== intent.configName) return { state: without(state), tell: [] };
  if (endpoint.status !== 'InService') return adopt(state, intent, endpoint);
  const isSure = ownsData(spec) || isUntouched(intent, sources);
  if (endpoint.configName === intent.configName) {
    if (tests === undefined || tests.kind === 'passed') return succeed(state, intent, endpoint, isSure);
    return condemn(now, state, intent, endpoint, tests.reason);
  }

  const moved = endpoint.lastModified > intent.endpointModified;
  const judged = endpoint.failureReason !== undefined && cutReason(endpoint.failureReason) !== intent.reasonBefore;
  if (intent.called) {
    if (!moved && !judged && now - intent.at < STALE_AFTER) return { state, tell: [], stale: true };
    return refuse(now, state, intent, endpoint, isSure);
  }
  if (moved && judged) return refuse(now, state, intent, endpoint, isSure);
  // Never made, as far as can be seen; it is decided anew. Should it have been made after all, then SageMaker
  // rejects the next one as in progress.
  return { state: without(state), tell: [] };
}

/**
 * Whether the intent's writer may be on its way to UpdateEndpoint, and nothing shows that it has been there. Whoever took
 * the intent away from under it would leave an update that nobody knows of.
 */
export function isAboutToBegin(
  now: number,
  spec: EndpointSpec,
  { intent }: EndpointState,
  endpoint: EndpointView,
): boolean {
  if (!intent || intent.called || now - intent.at >= OWNER_ALIVE) return false;
  return (
    endpoint.status === 'InService' &&
    endpoint.configName !== intent.configName &&
    endpoint.lastModified <= intent.endpointModified &&
    spec.configs[intent.slot] === intent.configName
  );
}

function adopt(state: EndpointState, intent: Intent, endpoint: EndpointView): Conclusion {
  const ours = endpoint.status === 'Updating' && endpoint.pendingConfigName === intent.configName;
  if (intent.called || !ours) return { state, tell: [] };
  return { state: { ...state, intent: { ...intent, called: true } }, tell: [{ what: 'started', ...subject(intent) }] };
}

function succeed(state: EndpointState, intent: Intent, endpoint: EndpointView, isSure: boolean): Conclusion {
  const seconds = Math.max(0, Math.round((endpoint.lastModified - intent.newestSource) / 1000));
  return {
    state: released(taken(state, intent, endpoint, isSure), intent.revision),
    tell: [{ what: 'succeeded', ...subject(intent), ...(intent.by === 'upload' && { secondsFromUpload: seconds }) }],
  };
}

/** It serves, and answers wrongly: the loop goes back as soon as it can. */
function condemn(
  now: number,
  state: EndpointState,
  intent: Intent,
  endpoint: EndpointView,
  reason: string,
): Conclusion {
  return {
    state: quarantine(taken(state, intent, endpoint, true), intent.revision, reason, now, true),
    tell: [{ what: 'refused', ...subject(intent), reason, retried: false }],
  };
}

/** The state once the endpoint is in service on the intent's config. */
function taken(state: EndpointState, intent: Intent, endpoint: EndpointView, isSure: boolean): EndpointState {
  const served = {
    configName: intent.configName,
    revision: isSure && !intent.ambiguous ? intent.revision : undefined,
    newestSource: intent.newestSource,
    since: endpoint.lastModified,
    ...(intent.size !== undefined && { size: intent.size }),
  };
  return { ...without(state), refusals: undefined, prepared: undefined, unsettled: undefined, served };
}

function refuse(
  now: number,
  state: EndpointState,
  intent: Intent,
  endpoint: EndpointView,
  isSure: boolean,
): Conclusion {
  const { failureReason: reason } = endpoint;
  const next = withOldFleet(without(state), intent, endpoint);
  const before = state.refusals?.revision === intent.revision ? state.refusals.count : 0;
  const count = before + 1;
  const modelsFault = reason !== undefined && !INTERNAL.test(reason);
  if (modelsFault && !isSure) {
    // Other bytes than the intent's may have been at fault. Those that are there now are looked at for themselves.
    const tell: Telling[] = [{ what: 'refused', ...subject(intent), reason, retried: true }];
    return { state: { ...next, unsettled: undefined }, tell };
  }
  const retried = !modelsFault && count < TRIES;
  const told = reason ?? 'SageMaker went back to the old endpoint config without giving a reason';
  const full = modelsFault || retried ? told : `${told} (${count} tries)`;
  return {
    state: retried
      ? { ...next, refusals: { revision: intent.revision, count } }
      : quarantine(next, intent.revision, full, now),
    tell: [{ what: 'refused', ...subject(intent), reason: full, retried }],
  };
}

/**
 * A refused update touched the endpoint, but not the fleet in service: unless somebody else had touched it before, or
 * has since, which takes the reason away.
 */
function withOldFleet(state: EndpointState, intent: Intent, endpoint: EndpointView): EndpointState {
  const { served } = state;
  if (endpoint.failureReason === undefined) return state;
  if (served?.configName !== endpoint.configName || served.since < intent.endpointModified) return state;
  return { ...state, served: { ...served, since: endpoint.lastModified } };
}

/** Whether the sources still are what was read, byte for byte and not written again. */
export function isUntouched(
  read: { readonly revision?: string; readonly newestSource: number },
  sources: SourcesView | undefined,
): boolean {
  return sources?.kind === 'complete' && sources.revision === read.revision && sources.newest === read.newestSource;
}

/** What a telling says of the intent it is about. */
export function subject({ revision, slot, configName, by, at, warning }: Intent): Omit<Telling, 'what'> {
  return { revision, slot, configName, by, begun: at, ...(warning !== undefined && { warning }) };
}

/** The state with its intent taken away. */
export function without(state: EndpointState): EndpointState {
  const { intent: _, ...rest } = state;
  return rest;
}
