import { blame } from './failure-table.ts';
import type { OracleParts } from './parts.ts';

/** Tries after which a revision may be quarantined without a verdict. */
const MAX_ATTEMPTS = 3;

/**
 * A revision is quarantined at once if it is itself at fault, after three tries for unknown reasons, and
 * otherwise never.
 */
export class QuarantineChecks {
  readonly #parts: OracleParts;
  readonly #checked = new Set<string>();

  constructor(parts: OracleParts) {
    this.#parts = parts;
  }

  /** The state has this entry. */
  entered(revision: string, message: string | undefined): void {
    if (this.#checked.has(revision)) return;
    this.#checked.add(revision);
    const { journal, sources } = this.#parts;
    if (!message) journal.violation(`${short(revision)} is quarantined without a reason`);
    if (sources.isPartial(revision)) {
      journal.reached('refused because a source was missing');
      return;
    }
    const text = message ?? '';
    if (/smoke test/i.test(text)) journal.reached('failed its smoke test');
    if (/is no archive/.test(text)) journal.reached('refused before the endpoint was touched');
    if (sources.etagsOf(revision)?.some((etag) => this.#parts.isBroken(etag))) {
      // Any mover's update may have been the one that these bytes failed.
      journal.reached('broken model quarantined');
      return;
    }
    this.#checkGood(revision);
  }

  /** Its bytes are good: only a verdict on it, or three tries without a known reason, may have led here. */
  #checkGood(revision: string): void {
    const { journal, ledger } = this.#parts;
    const before = ledger.carried.get(revision);
    const refused = ledger.updates.filter(
      (update) => [revision, before].includes(update.revision) && update.outcome !== 'served',
    );
    const judged = refused.filter(({ reason }) => blame(reason) === 'revision');
    const unexplained = refused.filter(({ reason }) => blame(reason) === 'unknown');
    // It served, and others moved the endpoint back before the next pass: that appears as a refusal without a reason.
    const moved = ledger.updates.filter(({ by }) => by !== 'controller').length;
    const isOutOfTries = unexplained.length + moved >= MAX_ATTEMPTS;
    if (judged.length === 0 && !isOutOfTries) {
      const reasons = refused.map(({ reason }) => reason ?? 'no reason').join('; ');
      journal.violation(`${short(revision)} is good, and quarantined for the faults of others: ${reasons}`);
    }
    const ended = refused.at(-1);
    if (ended?.trigger !== undefined && ended.trigger !== 'upload') {
      journal.violation(`${short(revision)} is the way back, and quarantined`);
    }
    if (!isOutOfTries && judged.length > 0 && judged.every(({ fault }) => fault === undefined)) {
      journal.violation(`${short(revision)} is good, and quarantined for bytes that came while it was loaded`);
    }
    if (judged.length === 0) journal.reached('quarantined after three tries');
  }
}

function short(revision: string): string {
  return revision.slice(0, 12);
}
