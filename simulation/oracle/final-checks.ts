import type { Quality } from '../worlds/model-data.ts';
import type { Update } from './ledger.ts';
import type { OracleParts } from './parts.ts';
import type { PinWatch } from './pin-watch.ts';
import type { PublicationChecks } from './publication-checks.ts';

/** Within this time of a move by others, the end of an update may go unnoticed, in ms. */
const CROSSED_MS = 1_800_000;

/** Invariants of a run as a whole: every swap was published, and there were not too many. */
export class FinalChecks {
  readonly #parts: OracleParts;
  readonly #publications: PublicationChecks;
  readonly #pins: PinWatch;

  constructor(parts: OracleParts, publications: PublicationChecks, pins: PinWatch) {
    this.#pins = pins;
    this.#parts = parts;
    this.#publications = publications;
  }

  check(): void {
    const { ledger, journal, layout } = this.#parts;
    for (const update of ledger.updates) {
      if (update.by !== 'controller' || update.outcome === 'stuck') continue;
      if (this.#isCrossed(update)) continue;
      const { revision } = update;
      const records = this.#publications.recordsOf(revision);
      const updates = ledger.updates.filter((each) => each.revision === revision).length;
      // Moves by others can look like the end of an update, and a rebuilt state takes one for an unrecorded update.
      const isClear = ledger.stateDeletedAt.length === 0 && ledger.updates.every(({ by }) => by === 'controller');
      // A function whose time was up tries what a later one finds to be no archive.
      const untried = this.#isOfQuality(update, 'junk') ? 1 : 0;
      // What a person rolls back to may have expired.
      const gone = revision !== undefined && ledger.pinned.has(revision) && ledger.expiredAt.length > 0 ? 1 : 0;
      if (records > updates + untried + gone && isClear)
        journal.violation(`${records} records of ${updates} updates to ${revision?.slice(0, 12)}`);
      if ((records > 0 && this.#isPublished(update)) || this.#isHidden(update)) continue;
      if (ledger.isStateDeletedDuring(update)) continue;
      journal.violation(`it was not published that ${update.revision?.slice(0, 12)} was ${update.outcome}`);
    }
    this.#publications.check();
    if (layout.slotData) this.#pins.checkPassedOver();
    this.#checkEconomy();
  }

  #isPublished(update: Update): boolean {
    const { ledger } = this.#parts;
    const isTestFailed = update.revision !== undefined && ledger.failedSmokeTests.has(update.revision);
    return ledger.published.some(
      ({ type, revision, configName }) =>
        (type === (update.outcome === 'served' ? 'succeeded' : 'refused') ||
          // Its fleet came up, and answered its smoke test wrongly.
          (type === 'refused' && isTestFailed)) &&
        revision === update.revision &&
        configName === update.config,
    );
  }

  /** Others moved the endpoint during the update or soon after it. */
  #isCrossed(update: Update): boolean {
    // Tests that are never answered keep the success unpublished.
    const until = this.#isHung(update) ? Number.POSITIVE_INFINITY : untilOf(update);
    return this.#parts.ledger.updates.some(
      ({ by, startedAt }) => by !== 'controller' && startedAt >= update.startedAt && startedAt <= until,
    );
  }

  /**
   * Rolled back after a call whose reply was lost; without a reason, or with the same one as before, or with one that
   * has been overwritten: that cannot be distinguished from a call that was never made.
   */
  #isHidden(update: Update): boolean {
    const { startedAt, endedAt = Number.POSITIVE_INFINITY, run } = update;
    if (update.outcome !== 'refused') {
      // The controller does not know of the call, and the next answer does not show it either.
      const next =
        this.#parts.ledger.updates.find((each) => each.startedAt > startedAt)?.startedAt ?? Number.POSITIVE_INFINITY;
      const isOutdated = this.#parts.ledger.outdatedAt.some((at) => at > endedAt && at <= next);
      return isOutdated && run?.isDisturbed === true;
    }
    const isOverwritten = this.#parts.ledger.touchedAt.some(
      (at) => at > (update.endedAt ?? Number.POSITIVE_INFINITY) && at < untilOf(update),
    );
    const isWordless = update.reason === undefined || update.reason === update.reasonBefore || isOverwritten;
    return isWordless && update.run?.isDisturbed === true;
  }

  #isHung(update: Update): boolean {
    return this.#parts.layout.isTested && this.#isOfQuality(update, 'hung');
  }

  /** Whether one of the files of the update's revision is. */
  #isOfQuality({ revision }: Update, quality: Quality): boolean {
    const { sources, ledger } = this.#parts;
    return sources.etagsOf(revision)?.some((etag) => ledger.quality.get(etag) === quality) ?? false;
  }

  /** The number of swaps after uploads. Rollbacks are bounded by rest: then no swap follows. */
  #checkEconomy(): void {
    const { ledger, sources, journal } = this.#parts;
    const swaps = ledger.updates.filter(({ by, trigger }) => by === 'controller' && trigger === 'upload');
    const retries = swaps.filter(
      (update) => update.outcome !== 'served' && (!/ping|extract/.test(update.reason ?? '') || this.#isHidden(update)),
    );
    // Scaling and patching remove the reason, and the loaded data becomes uncertain.
    const moves = ledger.updates.filter(({ by }) => by !== 'controller').length;
    const others = moves + Math.ceil(ledger.touchedAt.length / 2);
    const settled = sources.countSettled();
    const uncertain = ledger.ambiguities + ledger.deletionsDuringUpdates();
    const allowed = settled + retries.length + others + uncertain;
    if (swaps.length <= allowed) return;
    journal.violation(
      `${swaps.length} swaps; ${allowed} are accounted for: ${settled} settled revisions, ` +
        `${retries.length} retries, ${others} moves by others, ${uncertain} uncertain replies`,
    );
  }
}

function untilOf({ endedAt = Number.NaN }: Update): number {
  return endedAt + CROSSED_MS;
}
