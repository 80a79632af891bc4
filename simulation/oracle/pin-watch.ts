import type { EndpointState, Pin } from '@freshpoint/engine/policy/state';
import type { Update } from './ledger.ts';
import type { OracleParts } from './parts.ts';
import type { SourceSnapshot } from './sources.ts';

/** A rollback that a person asked for. */
interface AskedPin {
  readonly pin: Pin;
  /** When it was written. */
  readonly at: number;
  readonly sources: SourceSnapshot;
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

  constructor(parts: OracleParts) {
    this.#parts = parts;
  }

  /** When the last one was written. */
  get askedAt(): number {
    return this.#asked?.at ?? 0;
  }

  /** A person has written the state. */
  written({ pin }: EndpointState): void {
    if (!pin || pin.at === this.#asked?.pin.at) return;
    const { sources, world } = this.#parts;
    this.#asked = { pin, at: world.clock.now(), sources: sources.current };
  }

  /** The pin that the endpoint must obey; undefined: none. */
  inForce({ pin }: EndpointState): Pin | undefined {
    const { world, journal, sources } = this.#parts;
    const current = sources.current.revision;
    if (!world.layout.slotData) return undefined;
    switch (this.#status()) {
      case 'in force':
        return this.#hasExpired(pin) ? undefined : this.#asked?.pin;
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

  /** Whether it ended because its revision had expired, and that was published. */
  #hasExpired(current: Pin | undefined): boolean {
    const { ledger, journal } = this.#parts;
    const asked = this.#asked;
    if (!asked || ledger.expiredAt.length === 0 || current?.revision === asked.pin.revision) return false;
    const isPublished = ledger.published.some(
      ({ type, revision, at }) => type === 'refused' && revision === asked.pin.revision && at >= asked.at,
    );
    if (isPublished) journal.reached('pin ended because its revision expired');
    return isPublished;
  }

  #status(): PinStatus {
    const asked = this.#asked;
    const { sources, ledger } = this.#parts;
    if (!asked || ledger.stateDeletedAt.some((at) => at >= asked.at)) return 'unclear';
    const { revision } = asked.sources;
    // The controller may not have seen it when the person asked: then it counts as newer.
    const isSeen = sources.isFirst(asked.sources) || (asked.sources.readAt ?? asked.at) < asked.at;
    const others = sources.entries.filter((entry) => entry.at > asked.at && entry.revision !== revision);
    const { current } = sources;
    const isKnown = sources.entries.some((entry) => entry.at < asked.at && entry.revision === current.revision);
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
