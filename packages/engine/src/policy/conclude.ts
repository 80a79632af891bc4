import type { EndpointSpec, Slot } from '@freshpoint/cdk/contract';
import type { EndpointView, SmokeTestsView, SourceFile, SourcesView } from './observation.ts';
import {
  type EndpointState,
  quarantine,
  type Trigger,
  truncateMessage,
  type Updating,
  withoutQuarantine,
} from './state.ts';

/** Something that happened to a refresh and is told to the world (contract 10). */
export interface RefreshEvent {
  /** `deployed`: by a deployment of the stack, not by the loop. */
  readonly type: 'started' | 'succeeded' | 'refused' | 'deployed';
  readonly revision: string;
  readonly slot: Slot;
  readonly configName: string;
  /** Why it was refused. */
  readonly message?: string;
  /** Of a refusal: whether the revision is tried again by itself. */
  readonly retried?: boolean;
  /** Of a success after an upload: from the newest source's upload to served, in seconds. */
  readonly secondsFromUpload?: number;
  readonly trigger?: Trigger;
  /** What is odd about the revision, and no reason to refuse it. */
  readonly warning?: string;
  /** When the loop set about it, epoch ms. */
  readonly startedAt?: number;
  /** Of a refusal before the endpoint was asked: what was looked at. */
  readonly sources?: readonly SourceFile[];
}

/** What is known once the endpoint has been looked at: the state as it is now, and what to tell. */
export interface Conclusion {
  readonly state: EndpointState;
  readonly events: readonly RefreshEvent[];
  /** The call was accepted, yet DescribeEndpoint shows nothing of it: its answer is stale. */
  readonly stale?: true;
}

/** Tries of one revision that are refused without a judgement on the model (contract 5). */
export const MAX_ATTEMPTS = 3;

/** An accepted call that DescribeEndpoint still doesn't show after so long, in ms, counts as refused. */
export const STALE_AFTER_MS = 5 * 60_000;

/**
 * So long, in ms, somebody who wrote an intent may be about to call UpdateEndpoint: the function's timeout, and as much
 * again for clocks.
 */
export const LEASE_TTL_MS = 120_000;

/** Whether all that the models load lies in places that only the loop writes: then what was given is what is loaded. */
export function ownsAllData({ data }: EndpointSpec): boolean {
  return data !== undefined && !data.partial;
}

/** Whether the endpoint is where the intent wanted it, and still has to answer its smoke tests. */
export function needsSmokeTests(spec: EndpointSpec, { updating }: EndpointState, endpoint: EndpointView): boolean {
  if (updating?.trigger !== 'upload' || !spec.data || !spec.smokeTests?.length) return false;
  const isThere = endpoint.status === 'InService' && endpoint.configName === updating.configName;
  return isThere && spec.configs[updating.slot] === updating.configName;
}

/** FailureReason of an error inside SageMaker, which says nothing about the model. */
const INTERNAL_FAILURE = /^Request to service failed/i;

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
  tests?: SmokeTestsView,
): Conclusion {
  const { updating } = state;
  if (!updating) return { state, events: [] };
  // A deployment gave the slot another config: whatever became of the old one no longer matters.
  if (spec.configs[updating.slot] !== updating.configName) return { state: withoutUpdating(state), events: [] };
  if (endpoint.status !== 'InService') return adopt(state, updating, endpoint);
  const isSure = ownsAllData(spec) || isUnchanged(updating, sources);
  if (endpoint.configName === updating.configName) {
    if (tests === undefined || tests.kind === 'passed') return succeed(state, updating, endpoint, isSure);
    return failSmokeTests(now, state, updating, endpoint, tests.message);
  }

  const moved = endpoint.lastModified > updating.endpointModified;
  const judged =
    endpoint.failureReason !== undefined && truncateMessage(endpoint.failureReason) !== updating.failureReasonBefore;
  if (updating.accepted) {
    if (!moved && !judged && now - updating.at < STALE_AFTER_MS) return { state, events: [], stale: true };
    return refuse(now, state, updating, endpoint, isSure);
  }
  if (moved && judged) return refuse(now, state, updating, endpoint, isSure);
  // Never made, as far as can be seen; it is decided anew. Should it have been made after all, then SageMaker
  // rejects the next one as in progress.
  return { state: withoutUpdating(state), events: [] };
}

/**
 * Whether the intent's writer may be on its way to UpdateEndpoint, and nothing shows that it has been there. Whoever took
 * the intent away from under it would leave an update that nobody knows of.
 */
export function isUpdateImminent(
  now: number,
  spec: EndpointSpec,
  { updating }: EndpointState,
  endpoint: EndpointView,
): boolean {
  if (!updating || updating.accepted || now - updating.at >= LEASE_TTL_MS) return false;
  return (
    endpoint.status === 'InService' &&
    endpoint.configName !== updating.configName &&
    endpoint.lastModified <= updating.endpointModified &&
    spec.configs[updating.slot] === updating.configName
  );
}

function adopt(state: EndpointState, updating: Updating, endpoint: EndpointView): Conclusion {
  const ours = endpoint.status === 'Updating' && endpoint.pendingConfigName === updating.configName;
  if (updating.accepted || !ours) return { state, events: [] };
  return {
    state: { ...state, updating: { ...updating, accepted: true } },
    events: [{ type: 'started', ...eventSubject(updating) }],
  };
}

function succeed(state: EndpointState, updating: Updating, endpoint: EndpointView, isSure: boolean): Conclusion {
  const seconds = Math.max(0, Math.round((endpoint.lastModified - updating.newestSource) / 1000));
  return {
    state: withoutQuarantine(withServing(state, updating, endpoint, isSure), updating.revision),
    events: [
      {
        type: 'succeeded',
        ...eventSubject(updating),
        ...(updating.trigger === 'upload' && { secondsFromUpload: seconds }),
      },
    ],
  };
}

/** It serves, and answers wrongly: the loop goes back as soon as it can. */
function failSmokeTests(
  now: number,
  state: EndpointState,
  updating: Updating,
  endpoint: EndpointView,
  message: string,
): Conclusion {
  return {
    state: quarantine(withServing(state, updating, endpoint, true), {
      revision: updating.revision,
      at: now,
      message,
      failedSmokeTests: true,
    }),
    events: [{ type: 'refused', ...eventSubject(updating), message, retried: false }],
  };
}

/** The state once the endpoint is in service on the intent's config. */
function withServing(state: EndpointState, updating: Updating, endpoint: EndpointView, isSure: boolean): EndpointState {
  const serving = {
    configName: updating.configName,
    revision: isSure && !updating.ambiguous ? updating.revision : undefined,
    newestSource: updating.newestSource,
    since: endpoint.lastModified,
    ...(updating.size !== undefined && { size: updating.size }),
  };
  return { ...withoutUpdating(state), retries: undefined, deployment: undefined, settling: undefined, serving };
}

function refuse(
  now: number,
  state: EndpointState,
  updating: Updating,
  endpoint: EndpointView,
  isSure: boolean,
): Conclusion {
  const { failureReason: message } = endpoint;
  const next = withServingFleet(withoutUpdating(state), updating, endpoint);
  const before = state.retries?.revision === updating.revision ? state.retries.count : 0;
  const count = before + 1;
  const modelsFault = message !== undefined && !INTERNAL_FAILURE.test(message);
  if (modelsFault && !isSure) {
    // Other bytes than the intent's may have been at fault. Those that are there now are looked at for themselves.
    const events: RefreshEvent[] = [{ type: 'refused', ...eventSubject(updating), message, retried: true }];
    return { state: { ...next, settling: undefined }, events };
  }
  const retried = !modelsFault && count < MAX_ATTEMPTS;
  const told = message ?? 'SageMaker went back to the old endpoint config without giving a reason';
  const full = modelsFault || retried ? told : `${told} (${count} tries)`;
  return {
    state: retried
      ? { ...next, retries: { revision: updating.revision, count } }
      : quarantine(next, { revision: updating.revision, at: now, message: full }),
    events: [{ type: 'refused', ...eventSubject(updating), message: full, retried }],
  };
}

/**
 * A refused update touched the endpoint, but not the fleet in service: unless somebody else had touched it before, or
 * has since, which takes the reason away.
 */
function withServingFleet(state: EndpointState, updating: Updating, endpoint: EndpointView): EndpointState {
  const { serving } = state;
  if (endpoint.failureReason === undefined) return state;
  if (serving?.configName !== endpoint.configName || serving.since < updating.endpointModified) return state;
  return { ...state, serving: { ...serving, since: endpoint.lastModified } };
}

/** Whether the sources still are what was read, byte for byte and not written again. */
export function isUnchanged(
  read: { readonly revision?: string; readonly newestSource: number },
  sources: SourcesView | undefined,
): boolean {
  return sources?.kind === 'complete' && sources.revision === read.revision && sources.newest === read.newestSource;
}

/** What a telling says of the intent it is about. */
export function eventSubject({
  revision,
  slot,
  configName,
  trigger,
  at,
  warning,
}: Updating): Omit<RefreshEvent, 'type'> {
  return { revision, slot, configName, trigger, startedAt: at, ...(warning !== undefined && { warning }) };
}

/** The state with its intent taken away. */
export function withoutUpdating(state: EndpointState): EndpointState {
  const { updating: _, ...rest } = state;
  return rest;
}
