import type { EndpointState } from '@freshpoint/engine/policy/state';
import type { FunctionRun } from '../worlds/function-run.ts';
import type { Mover } from './ledger.ts';
import type { OracleParts } from './parts.ts';
import { QuarantineChecks } from './quarantine-checks.ts';

/** Within this time, a write that covered the recorded update is found and put back. */
const PUT_BACK_MS = 1000;

/** One write of the state. */
interface StateWrite {
  readonly by: Mover;
  readonly version: number;
  readonly value: string;
}

/** Follows the writes of the state. */
export class StateWatch {
  /** The version of the state that has a suspension which was acknowledged and not lifted. */
  suspensionVersion: number | undefined;
  readonly #parts: OracleParts;
  readonly #quarantine: QuarantineChecks;
  /** The version and state that recorded the latest update. */
  #recordedVersion = 0;
  #recorded: { readonly state: EndpointState; readonly at: number } | undefined;
  /** The run that wrote a state without the suspension, until it is put back. */
  #suspensionCoveredBy: FunctionRun | undefined;
  #isSuspensionWritten = false;

  constructor(parts: OracleParts) {
    this.#parts = parts;
    this.#quarantine = new QuarantineChecks(parts);
  }

  /** The state was written. */
  written({ by, version, value }: StateWrite, run: FunctionRun | undefined): void {
    const { ledger } = this.#parts;
    const state = JSON.parse(value) as EndpointState;
    const { update } = ledger;
    if (update?.by === 'controller') update.forgottenBy = state.updating ? undefined : (update.forgottenBy ?? run);
    this.#followSuspension(by, state, run);
    if (by !== 'controller') return;
    if (state.updating && state.updating.accepted === undefined) {
      this.#recordedVersion = version;
      this.#recorded = { state, at: this.#parts.world.clock.now() };
    }
    const { settling } = state;
    const entry = this.#parts.sources.entries.findLast(({ revision }) => revision === settling?.revision);
    if (entry && settling) entry.seenAt = settling.seen;
    for (const { revision, message, failedSmokeTests } of state.quarantine ?? []) {
      if (failedSmokeTests) ledger.failedSmokeTests.add(revision);
      this.#quarantine.entered(revision, message);
    }
  }

  #followSuspension(by: Mover, state: EndpointState, run: FunctionRun | undefined): void {
    const isController = by === 'controller';
    if (state.suspension) this.#suspensionCoveredBy = undefined;
    // Also before the person has the reply that the suspension is written.
    else if (isController && this.#isSuspensionWritten) this.#suspensionCoveredBy ??= run;
    this.#isSuspensionWritten = state.suspension !== undefined || (isController && this.#isSuspensionWritten);
  }

  /**
   * SSM has no conditional write: a suspension that is set in the milliseconds in which the controller writes is
   * covered, and put back by the controller. If the function ends in between, it is lost: the price of keeping it in
   * the controller's own parameter.
   */
  isSuspensionLossExcused(): boolean {
    return this.#suspensionCoveredBy?.isDisturbed === true;
  }

  /** Whether a swap now would ignore a suspension that the controller must know of. */
  isSwapSuspended(): boolean {
    const isKnown = this.suspensionVersion !== undefined && this.suspensionVersion < this.#recordedVersion;
    return isKnown && !this.isSuspensionLossExcused();
  }

  /**
   * The state as the caller of UpdateEndpoint knows it: the one with the recorded update, even if another writer has
   * covered it in this second and is about to put it back.
   */
  stateOfCaller(): EndpointState {
    const { state, version } = this.#parts.view.state();
    const recorded = this.#recorded;
    if (state.updating || !recorded || version !== this.#recordedVersion + 1) return state;
    return this.#parts.world.clock.now() - recorded.at < PUT_BACK_MS ? recorded.state : state;
  }
}
