import type { EndpointState, Pin } from '@freshpoint/engine/policy/state';
import type { SourceKeys } from '../worlds/layout.ts';
import type { Update } from './ledger.ts';
import type { OracleParts } from './parts.ts';
import type { SourceSnapshot } from './sources.ts';

/** A rollback that a person asked for. */
interface AskedPin {
  readonly pin: Pin;
  /** When it was written. */
  readonly at: number;
  /** When the sources were that the pin takes precedence over. */
  readonly since: number;
  readonly sources: SourceSnapshot;
  /** The state was being rebuilt: what was at the sources before is not known where a deployment is changing them. */
  readonly isLost: boolean;
  /** What the sources that were declared then have shown, before the stack declared others. */
  readonly before?: PinStatus;
}

/** Whether a pin must be in force: `ended` by something newer, or `unclear`. */
type PinStatus = 'in force' | 'ended' | 'unclear';

/** The first tries of a pinned revision may follow each other closely; then at least that many ms are between them. */
const FAST_TRIES = 3;
const MIN_PAUSE_MS = 4 * 60_000;

/** Follows the rollbacks that persons ask for. Judges by the order of events, not by anybody's clock. */
export class PinWatch {
  readonly #parts: OracleParts;
  #asked: AskedPin | undefined;
  /** As it was before the deployment under way changed the sources. */
  #replaced: AskedPin | undefined;

  constructor(parts: OracleParts) {
    this.#parts = parts;
  }

  /** When the last one was written. */
  get askedAt(): number {
    return this.#asked?.at ?? 0;
  }

  /** The stack is about to declare other sources: what a person rolled back stays so, until something is uploaded. */
  sourcesChange(next: SourceKeys): void {
    const { ledger, sources, view } = this.#parts;
    const asked = this.#asked;
    const { admittedAt = 0 } = ledger.deployment ?? {};
    if (view.isRollingBack()) {
      // A pin that was set meanwhile is of the sources before, too.
      const isOfBefore = asked !== undefined && asked.at > admittedAt;
      const unclear = asked?.isLost && ({ before: 'unclear' } as const);
      this.#asked = isOfBefore ? { ...asked, sources: sources.at(asked.at, next), ...unclear } : this.#replaced;
      return;
    }
    this.#replaced = asked;
    if (!asked) return;
    const before = this.#status();
    const revision = asked.at > admittedAt ? asked.pin.revision : ledger.live?.deployed;
    const isKnown = revision !== undefined && asked.at <= admittedAt;
    const since = Math.max(asked.at, admittedAt);
    this.#asked = {
      ...asked,
      pin: { ...asked.pin, revision: revision ?? asked.pin.revision },
      since,
      sources: sources.at(since, next),
      before: isKnown ? before : 'unclear',
    };
    if (isKnown && before === 'in force') this.#parts.journal.reached('a pin survived a change of the sources');
  }

  /** A person has written the state. */
  written({ pin, lostAt }: EndpointState): void {
    if (!pin || pin.at === this.#asked?.pin.at) return;
    const { sources, world } = this.#parts;
    const at = world.clock.now();
    this.#asked = { pin, at, since: at, sources: sources.current, isLost: lostAt !== undefined };
  }

  /** The pin that the endpoint must obey; undefined: none. */
  inForce({ pin }: EndpointState): Pin | undefined {
    const { layout, journal, sources } = this.#parts;
    const current = sources.current.revision;
    if (!layout.slotData) return undefined;
    switch (this.#status()) {
      case 'in force':
        return this.#hasExpired(pin) ? this.#keptAfter(pin) : this.#asked?.pin;
      case 'ended':
        journal.reached('pin ended by a newer upload');
        return undefined;
      case 'unclear':
        return pin && (pin.supersedes ?? current) === current ? pin : undefined;
    }
  }

  /** At the end: what was rolled back was uploaded again, which the pin passes over, but not without a word. */
  checkPassedOver(): void {
    const { sources, ledger, journal } = this.#parts;
    const asked = this.#asked;
    if (!asked || this.#status() !== 'in force' || ledger.expiredAt.length > 0) return;
    const { revision, newest } = asked.sources;
    const isAgain = revision !== asked.pin.revision && sources.current.newest > newest;
    if (!isAgain) return;
    journal.reached('passed over by a pin');
    const isPublished = ledger.published.some(({ type, at }) => type === 'passedOver' && at >= asked.at);
    if (!isPublished) journal.violation('what was rolled back was uploaded again and passed over without a word');
  }

  /** After a pin that ended because its revision had expired, what serves stays, if something else was rolled back. */
  #keptAfter(current: Pin | undefined): Pin | undefined {
    return current?.at === this.#asked?.pin.at ? current : undefined;
  }

  /** Whether it ended because its revision had expired or lacks a source, and that was published. */
  #hasExpired(current: Pin | undefined): boolean {
    const { ledger, journal, sources } = this.#parts;
    const asked = this.#asked;
    if (!asked || current?.revision === asked.pin.revision) return false;
    const isWhole = sources.isWhole(asked.pin.revision);
    if (ledger.expiredAt.length === 0 && isWhole) return false;
    const isPublished = ledger.published.some(
      ({ type, revision, at }) => type === 'refused' && revision === asked.pin.revision && at >= asked.at,
    );
    if (isPublished) {
      journal.reached(
        isWhole ? 'pin ended because its revision expired' : 'pin ended because its revision lacks a source',
      );
    }
    return isPublished;
  }

  #status(): PinStatus {
    const asked = this.#asked;
    const { sources, ledger } = this.#parts;
    if (!asked || ledger.stateDeletedAt.some((at) => at >= asked.at)) return 'unclear';
    const { revision } = asked.sources;
    if (asked.before === 'ended' || asked.before === 'unclear') return asked.before;
    // The controller may not have seen it when the person asked: then it counts as newer.
    const isSeen =
      asked.before !== undefined || sources.isFirst(asked.sources) || (asked.sources.knownAt ?? asked.at) < asked.at;
    const others = sources.entries.filter((entry) => entry.at > asked.since && entry.revision !== revision);
    const { current } = sources;
    const isKnown = sources.entries.some((entry) => entry.at < asked.since && entry.revision === current.revision);
    if (current.revision !== revision && revision !== undefined) return isSeen || !isKnown ? 'ended' : 'unclear';
    return isSeen && others.length === 0 && revision !== undefined ? 'in force' : 'unclear';
  }

  /** The controller has begun an update to a pinned revision. */
  tried({ revision, startedAt }: Update): void {
    const { ledger, journal } = this.#parts;
    const tries = ledger.updates.filter(
      (update) =>
        update.trigger === 'pin' &&
        update.revision === revision &&
        update.startedAt > this.askedAt &&
        update.run?.isDisturbed === false,
    );
    const isServed = tries.some(({ outcome }) => outcome === 'served') && ledger.live?.revision === revision;
    if (isServed && ledger.ambiguities === 0 && ledger.stateDeletedAt.length === 0) {
      journal.violation('a pinned revision that serves is swapped to again');
    }
    const refused = tries.filter(({ outcome }) => outcome === 'refused');
    const pauseMs = startedAt - (refused.at(-1)?.endedAt ?? 0);
    if (refused.length < FAST_TRIES || pauseMs >= MIN_PAUSE_MS || ledger.stateDeletedAt.length > 0) return;
    journal.violation(`a pinned revision is tried again ${pauseMs} ms after ${refused.length} refusals`);
  }
}
