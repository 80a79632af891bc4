import { type EndpointSpec, specParameterName } from '@freshpoint/cdk/contract';
import type { Updating } from '@freshpoint/engine/policy/rollout';
import type { EndpointState } from '@freshpoint/engine/policy/state';
import type { EndpointDescription } from '../worlds/answers.ts';
import type { FunctionRun } from '../worlds/function-run.ts';
import { archiveKeys, hasSource } from '../worlds/layout.ts';
import { kindOf } from '../worlds/source-names.ts';
import type { Call } from '../worlds/watch.ts';
import { TOLERANCE_MS } from './ledger.ts';
import type { OracleParts } from './parts.ts';
import type { StateWatch } from './state-watch.ts';

/** A source may be written this long before the call and be loaded by its fleet, in ms. */
const LOADING_MARGIN_MS = 60_000;

/** The call being checked. */
interface Swap {
  readonly call: Call;
  readonly run: FunctionRun;
  /** As the pass read it. */
  readonly spec: EndpointSpec;
  readonly violation: (text: string) => void;
}

/** Invariants of the controller's calls of UpdateEndpoint. */
export class SwapChecks {
  readonly #parts: OracleParts;
  readonly #states: StateWatch;
  readonly #s3SkewMs: number;

  constructor(parts: OracleParts, states: StateWatch, s3SkewMs: number) {
    this.#parts = parts;
    this.#states = states;
    this.#s3SkewMs = s3SkewMs;
  }

  /** Returns the update that the state records. */
  check(call: Call, run: FunctionRun, now: EndpointDescription): Updating | undefined {
    const violation = (text: string) => this.#parts.journal.violation(`UpdateEndpoint by run ${run.id}: ${text}`);
    const parameter = specParameterName(this.#parts.layout.id);
    const value = run.lastSeen('ssm', 'GetParameters', parameter)?.Parameters[0]?.Value;
    if (value === undefined) {
      violation('the spec was not read');
      return undefined;
    }
    const swap: Swap = { call, run, violation, spec: JSON.parse(value) as EndpointSpec };
    this.#checkObservation(swap);
    this.#checkRequest(swap);
    const state = this.#states.stateOfCaller();
    const updating = state.rollout?.phase === 'updating' ? state.rollout : undefined;
    if (!updating || updating.configName !== call.input.EndpointConfigName) {
      violation(updating ? `the state records an update to ${updating.configName}` : 'the state records no update');
      return undefined;
    }
    this.#checkState(swap, state, updating);
    if (updating.trigger === 'upload') {
      this.#checkSources(swap, updating);
      this.#checkMarker(swap, updating);
    } else if (updating.trigger === 'pin') {
      if (state.pin?.revision !== updating.revision) violation('its revision is not pinned');
    } else this.#parts.journal.reached('rolled back after a failed smoke test');
    this.#checkNeed(swap, updating, now);
    return updating;
  }

  /** The pass observed the endpoint InService on the other slot, and the stack idle. */
  #checkObservation({ call, run, spec, violation }: Swap): void {
    const endpoint = run.lastSeen('sagemaker', 'DescribeEndpoint', this.#parts.layout.endpointName);
    if (endpoint?.EndpointStatus !== 'InService') violation(`the endpoint was observed ${endpoint?.EndpointStatus}`);
    const { a, b } = spec.configs;
    const observed = endpoint?.EndpointConfigName ?? 'no endpoint config';
    const target = call.input.EndpointConfigName;
    if ({ [a]: b, [b]: a }[observed] !== target) violation(`to ${target}, observed on ${observed}`);
    const { stackStatuses, endpoints } = run;
    // Of several endpoints in one run, each has observed the stack for itself.
    const statuses = endpoints.size > 1 ? stackStatuses : stackStatuses.slice(-1);
    const isIdle = statuses.some((status) => !status.endsWith('_IN_PROGRESS'));
    if (!isIdle) violation(`the stack was observed ${stackStatuses.at(-1)}`);
  }

  #checkRequest({ call, violation }: Swap): void {
    if (call.input.RetainAllVariantProperties !== true) violation('RetainAllVariantProperties is not true');
    if (call.input.RetainDeploymentConfig !== true) violation('RetainDeploymentConfig is not true');
  }

  /** Neither quarantined nor suspended, and the slot holds the recorded revision. */
  #checkState(swap: Swap, state: EndpointState, updating: Updating): void {
    const { violation } = swap;
    const entry = state.quarantine?.find(({ revision }) => revision === updating.revision);
    const isPinned = updating.trigger === 'pin' && entry && (state.pin?.at ?? 0) > entry.at;
    if (entry && !isPinned) violation('its revision is quarantined');
    if (this.#states.isSwapSuspended()) violation('the endpoint is suspended');
    const ruledOut = updating.trigger === 'upload' ? this.#states.ruledOut(updating.revision) : undefined;
    if (ruledOut !== undefined) violation(ruledOut);
    this.#checkSlotData(swap, updating);
  }

  #checkSlotData({ run, spec: { data }, violation }: Swap, { slot, revision }: Updating): void {
    if (!data) return;
    const { view, sources, ledger } = this.#parts;
    // What expires during a pass may have been there when it observed the slots.
    if (ledger.expiredAt.some((at) => at >= run.startedAt)) return;
    const expected = sources.slotEtagsOf(revision, data);
    const found = view.etagsInSlot(data, slot);
    if (!expected || JSON.stringify(found) !== JSON.stringify(expected)) {
      violation(`slot ${slot} holds ${found}, revision ${revision.slice(0, 12)} is ${expected}`);
    }
  }

  /** The sources were complete and settled when they were read. */
  #checkSources({ run, spec, violation }: Swap, updating: Updating): void {
    const { sources: history, journal } = this.#parts;
    const reads = run.sourceReads.filter(({ key }) => hasSource(history.declared, key));
    // What chooses an object is read, and then that object.
    const chosen = archiveKeys(history.declared).filter((name) => kindOf(name) !== undefined);
    // What is uploaded within the same millisecond may come after the read.
    const times = reads.slice(-spec.sources.length - chosen.length).flatMap(({ at }) => [at - 1, at]);
    const isRead = (at: number) => {
      const { revision, newest } = history.at(at);
      return revision === updating.revision && newest === updating.newestSource;
    };
    const readAt = times.findLast(isRead) ?? times.at(-1) ?? 0;
    const sources = history.at(readAt);
    if (readAt === 0) violation('the sources were not read');
    else if (sources.revision === undefined) violation('a source was missing');
    else if (sources.revision !== updating.revision) violation('the recorded revision is not that of the sources');
    if (sources.revision !== updating.revision) return;
    const ageMs = readAt - (sources.newest - this.#s3SkewMs);
    if (ageMs >= spec.waitTime * 1000 - TOLERANCE_MS) return;
    const maxWaitMs = (spec.maxWaitTime ?? Number.NaN) * 1000;
    const unsettledMs = readAt - history.unsettledSince(readAt);
    if (unsettledMs >= maxWaitMs - TOLERANCE_MS) journal.reached('endless uploads, swapped by maxWaitTime');
    else {
      const source = `the newest source was ${ageMs} ms old`;
      violation(`${source}, waitTime is ${spec.waitTime} s, unsettled for ${unsettledMs} ms`);
    }
  }

  /** The marker was as new as the newest source when the pass read it. */
  #checkMarker({ run, spec, violation }: Swap, { newestSource }: Updating): void {
    const { sources: history, journal } = this.#parts;
    const { marker } = history.declared;
    if (marker === undefined) return;
    const readAt = run.sourceReads.findLast(({ key }) => key === marker)?.at;
    const modified = readAt === undefined ? undefined : history.markerAt(readAt);
    if (modified === undefined) violation('the marker was missing, or not read');
    else if (modified < newestSource) violation(`the marker was ${newestSource - modified} ms older than a source`);
    else if (modified - newestSource > spec.waitTime * 1000) journal.reached('settled, and waited for the marker');
  }

  /** A fleet of an undisturbed swap that has surely loaded these bytes is not replaced. */
  #checkNeed({ violation }: Swap, updating: Updating, now: EndpointDescription): void {
    const { ledger, sources } = this.#parts;
    const { live } = ledger;
    if (updating.trigger !== 'upload' || live?.by !== 'controller' || live.revision !== updating.revision) return;
    if (ledger.ambiguities > 0) return;
    // A rollback restores slot data only, so its fleet may have loaded other data in place than that revision's.
    if (this.#parts.layout.slotData !== 'all' && live.trigger === 'pin') return;
    // With data in place, only the state knew what that update was to load.
    if (this.#parts.layout.slotData !== 'all' && ledger.isStateDeletedDuring(live)) return;
    if (now.EndpointConfigName !== live.config || ledger.updates.some(({ by }) => by !== 'controller')) return;
    const from = live.startedAt - LOADING_MARGIN_MS;
    const until = live.publishedAt ?? Number.POSITIVE_INFINITY;
    if (sources.entries.some(({ at }) => at >= from && at <= until + TOLERANCE_MS)) return;
    // Written again, and scaled or patched in between: an instance may have loaded something else.
    const endedAt = live.endedAt ?? Number.POSITIVE_INFINITY;
    if (ledger.changedAt > endedAt && sources.current.at > endedAt) return;
    // What serves untested is rolled out anew once it is the newest again, to be tested.
    const ended = ledger.published.findLast(
      ({ type, configName }) => type === 'succeeded' && configName === live.config,
    );
    if (ended?.warning?.startsWith('Not tested')) return;
    violation('its revision is already being served');
  }
}
