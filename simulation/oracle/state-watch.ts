import type { EndpointState } from '@freshpoint/engine/policy/state';
import type { CallInput } from '../worlds/watch.ts';
import type { Mover } from './ledger.ts';
import type { OracleParts } from './parts.ts';
import type { PinWatch } from './pin-watch.ts';
import { QuarantineChecks } from './quarantine-checks.ts';

/** One successful write of the state. */
interface StateWrite {
  readonly by: Mover;
  readonly input: CallInput;
  readonly etag: string;
}

/** What a state that was deleted by hand had ruled out. */
interface RuledOut {
  /** When the state with the entry was deleted, by revision. */
  readonly quarantined: Map<string, number>;
  /** The revision that a person rolled back, until something else is uploaded. */
  rolledBack?: string;
}

/** Follows the writes of the state. */
export class StateWatch {
  readonly #parts: OracleParts;
  readonly #quarantine: QuarantineChecks;
  readonly #pins: PinWatch;
  /** ETag of the stored state. */
  #etag: string | undefined;
  /** The state that recorded the latest update. */
  #recorded: EndpointState | undefined;
  readonly #ruledOut: RuledOut = { quarantined: new Map() };

  constructor(parts: OracleParts, pins: PinWatch) {
    this.#parts = parts;
    this.#pins = pins;
    this.#quarantine = new QuarantineChecks(parts);
  }

  /** The state was written. */
  written({ by, input, etag }: StateWrite): void {
    const { ledger, view, journal } = this.#parts;
    const isOverRead = this.#etag === undefined ? input.IfNoneMatch === '*' : input.IfMatch === this.#etag;
    if (!isOverRead) journal.violation('a write of the state covers another one');
    const text = String(input.Body);
    const before = view.state();
    view.storedState = text;
    this.#etag = etag;
    const state = JSON.parse(text) as EndpointState;
    if (by === 'person') this.#pins.written(state);
    if (by !== 'controller') return;
    const isRebuilt = before.lostAt !== undefined && state.lostAt === undefined;
    if (isRebuilt && ledger.stateDeletedAt.length > 0) journal.reached('state rebuilt');
    const { rollout } = state;
    if (rollout?.phase === 'updating' && rollout.accepted === undefined) this.#recorded = state;
    for (const settling of [rollout, state.upcoming]) {
      if (settling?.phase !== 'settling') continue;
      const { revision, seen, readAt = seen } = settling;
      const entry = this.#parts.sources.entries.findLast((each) => each.revision === revision);
      if (entry) Object.assign(entry, { seenAt: seen, readAt });
    }
    for (const { revision, message, failedSmokeTests } of state.quarantine ?? []) {
      if (failedSmokeTests) ledger.failedSmokeTests.add(revision);
      this.#quarantine.entered(revision, message);
    }
  }

  /** A person deleted the state. */
  deleted(): void {
    const { view, sources, ledger, journal, world } = this.#parts;
    const { quarantine = [], pin } = view.state();
    view.storedState = undefined;
    this.#etag = undefined;
    ledger.stateDeletedAt.push(world.clock.now());
    journal.reached('state deleted by hand');
    for (const { revision } of quarantine) this.#ruledOut.quarantined.set(revision, world.clock.now());
    if (quarantine.length > 0) journal.reached('state with a quarantine deleted by hand');
    const newest = sources.current.revision;
    // A pin that led to no swap is in no history.
    const isRolledBack = ledger.updates.some(
      ({ trigger, revision, publishedAt = 0 }) =>
        trigger === 'pin' && revision === pin?.revision && publishedAt > this.#pins.askedAt,
    );
    if (!isRolledBack || pin?.supersedes === undefined || pin.supersedes !== newest) return;
    this.#ruledOut.rolledBack = newest;
    journal.reached('state with a pin deleted by hand');
  }

  /** Other sources are there, so a rollback to what was before them has ended. */
  uploaded(revision: string | undefined): void {
    if (revision !== this.#ruledOut.rolledBack) this.#ruledOut.rolledBack = undefined;
  }

  /** Whether the latest update was recorded in a suspended state. */
  isSwapSuspended(): boolean {
    return this.#recorded?.suspension !== undefined;
  }

  /** The state as the caller of UpdateEndpoint knows it: it may have been deleted since it recorded the update. */
  stateOfCaller(): EndpointState {
    const state = this.#parts.view.state();
    return state.lostAt === undefined ? state : (this.#recorded ?? state);
  }

  /** Why an upload of this revision must not be deployed, since a state that was deleted by hand ruled it out. */
  ruledOut(revision: string): string | undefined {
    const deletedAt = this.#ruledOut.quarantined.get(revision) ?? Number.POSITIVE_INFINITY;
    // A person may have pinned it all the same since.
    const isServed = this.#parts.ledger.updates.some(
      (update) => update.revision === revision && update.outcome === 'served' && update.startedAt > deletedAt,
    );
    if (Number.isFinite(deletedAt) && !isServed) return 'its revision was quarantined before the state was deleted';
    if (this.#ruledOut.rolledBack === revision) return 'its revision was rolled back before the state was deleted';
    return undefined;
  }
}
