import type { EndpointState } from '@freshpoint/engine/policy/state';
import { removesSource } from '../worlds/layout.ts';
import type { CallInput } from '../worlds/watch.ts';
import type { Deployment, Mover, Update } from './ledger.ts';
import type { OracleParts } from './parts.ts';
import type { PinWatch } from './pin-watch.ts';
import { QuarantineChecks } from './quarantine-checks.ts';

/** One successful write of the state. */
interface StateWrite {
  readonly by: Mover;
  readonly input: CallInput;
  readonly etag: string;
}

/** What is ruled out, although the state may not say so: it was deleted by hand, or the sources have changed. */
interface RuledOut {
  /** Since when, and why, by revision. */
  readonly quarantined: Map<string, { readonly at: number; readonly why: string }>;
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
    // What a person pins, a person has not ruled out.
    if (state.pin?.revision === this.#ruledOut.rolledBack) this.#ruledOut.rolledBack = undefined;
    if (by !== 'controller') return;
    const isRebuilt = before.lostAt !== undefined && state.lostAt === undefined;
    if (isRebuilt && ledger.stateDeletedAt.length > 0) journal.reached('state rebuilt');
    if (isRebuilt) ledger.stateRebuiltAt = this.#parts.world.clock.now();
    const { rollout, deployment } = state;
    if (deployment && JSON.stringify(deployment) !== JSON.stringify(before.deployment)) this.#admitted(state);
    if (rollout?.phase === 'updating' && rollout.accepted === undefined) this.#recorded = state;
    for (const settling of [rollout, state.upcoming]) {
      if (settling?.phase !== 'settling') continue;
      const { revision, seen } = settling;
      const entry = this.#parts.sources.entries.findLast((each) => each.revision === revision);
      if (entry) Object.assign(entry, { seenAt: seen, knownAt: entry.knownAt ?? this.#parts.world.clock.now() });
    }
    for (const { revision, message, failedSmokeTests } of state.quarantine ?? []) {
      if (failedSmokeTests) ledger.failedSmokeTests.add(revision);
      this.#quarantine.entered(revision, message);
    }
  }

  /** The deployment gate has let a deployment continue. */
  #admitted(state: EndpointState): void {
    const { ledger, view, world } = this.#parts;
    const { deployment } = ledger;
    if (!deployment) return;
    deployment.checkedAt = world.clock.now();
    if (view.isRollingBack()) return;
    deployment.admittedAt = deployment.checkedAt;
    if (deployment.from !== deployment.to) this.#carryQuarantine(state, deployment);
  }

  /** What is refused at the sources stays so with the sources of the deployment, if all that is new in it does. */
  #carryQuarantine({ quarantine = [], deployment: loaded }: EndpointState, { from, to, startedAt }: Deployment): void {
    const { sources, ledger, layout, journal, world } = this.#parts;
    const { revision, etags } = sources.current;
    const entry = quarantine.find((each) => each.revision === revision);
    if (!layout.slotData || revision === undefined || !entry) return;
    // A source that the deployment removes cannot be read any more, so it is not known what was at all of them; nor, of
    // what is below a prefix, what the revision was.
    const isLost = ledger.stateRebuiltAt >= startedAt || ledger.stateDeletedAt.some((at) => at >= startedAt);
    const isUnknown = isLost || from.prefix !== undefined;
    if (isUnknown && removesSource(from, to)) return;
    const since = sources.entriesOf(to).filter(({ at }) => at > startedAt);
    // What was never tested itself may be at fault, too.
    const served = this.#isTested(ledger.live) || !entry.failedSmokeTests ? ledger.live?.data : undefined;
    for (const next of [sources.at(startedAt, to), ...since]) {
      const isKept = [...etags].every(([uri, etag]) => next.etags.get(uri) === etag || served?.get(uri) === etag);
      if (!isKept || next.revision === undefined || next.revision === loaded?.revision) continue;
      ledger.carried.set(next.revision, revision);
      const why = 'it has what was quarantined before the sources changed';
      if (next === sources.at(world.clock.now(), to)) {
        this.#ruledOut.quarantined.set(next.revision, { at: world.clock.now(), why });
        journal.reached('quarantined before and after a change of the sources');
      }
    }
  }

  /** A deployment tests nothing that it loads, nor does a rollback. */
  #isTested({ by, trigger, revision = '' }: Partial<Update> = {}): boolean {
    return by === 'controller' && trigger === 'upload' && !this.#parts.ledger.untested.has(revision);
  }

  /** A person deleted the state. */
  deleted(): void {
    const { view, sources, ledger, journal, world } = this.#parts;
    const { quarantine = [], pin } = view.state();
    view.storedState = undefined;
    this.#etag = undefined;
    ledger.stateDeletedAt.push(world.clock.now());
    journal.reached('state deleted by hand');
    for (const { revision } of quarantine) {
      const why = 'its revision was quarantined before the state was deleted';
      this.#ruledOut.quarantined.set(revision, { at: world.clock.now(), why });
    }
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
    const quarantined = this.#ruledOut.quarantined.get(revision);
    const { at = Number.POSITIVE_INFINITY } = quarantined ?? {};
    // A person may have pinned it all the same since.
    const isServed = this.#parts.ledger.updates.some(
      (update) => update.revision === revision && update.outcome === 'served' && update.startedAt > at,
    );
    if (quarantined && !isServed) return quarantined.why;
    if (this.#ruledOut.rolledBack === revision) return 'its revision was rolled back before the state was deleted';
    return undefined;
  }
}
