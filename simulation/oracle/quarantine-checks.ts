import { INTERNAL_FAILURE } from './ledger.ts';
import type { OracleParts } from './parts.ts';

/** Tries after which a revision may be quarantined without a verdict. */
const MAX_ATTEMPTS = 3;

/** How the controller says that smoke tests were not answered. */
const UNANSWERED = /smoke test .* not answered|smoke tests did not finish/i;

/**
 * A revision is quarantined at once if its own bytes were refused with a reason, otherwise after three tries without a
 * verdict.
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
    const { journal, sources, ledger } = this.#parts;
    if (!message) journal.violation(`${short(revision)} is quarantined without a reason`);
    if (sources.entries.some(({ partialRevision }) => partialRevision === revision)) {
      journal.reached('refused because a source was missing');
      return;
    }
    const text = message ?? '';
    if (/smoke test/i.test(text)) journal.reached('failed its smoke test');
    if (UNANSWERED.test(text)) journal.reached('did not answer its smoke test');
    // Three tries that faults interrupted count as three without an answer.
    if (UNANSWERED.test(text) && ledger.ambiguities >= MAX_ATTEMPTS) return;
    if (/is no archive/.test(text)) journal.reached('refused before the endpoint was touched');
    if (sources.etagsOf(revision)?.some((etag) => this.#parts.isBroken(etag))) {
      // Any mover's update may have been the one that these bytes failed.
      journal.reached('broken model quarantined');
      return;
    }
    this.#checkGood(revision);
  }

  /** Its bytes are good: only three tries without a verdict may have led here. */
  #checkGood(revision: string): void {
    const { journal, ledger } = this.#parts;
    const refused = ledger.updates.filter((update) => update.revision === revision && update.outcome !== 'served');
    const judged = refused.filter(({ reason }) => reason !== undefined && !INTERNAL_FAILURE.test(reason));
    // It served, and others moved the endpoint back before the next pass: that appears as a refusal without a reason.
    const moved = ledger.updates.filter(({ by }) => by !== 'controller').length;
    if (judged.length === 0 && refused.length + moved < MAX_ATTEMPTS) {
      journal.violation(`${short(revision)} is quarantined after ${refused.length} refusals without a verdict`);
    }
    const isOutOfTries = refused.length - judged.length + moved >= MAX_ATTEMPTS;
    if (!isOutOfTries && judged.length > 0 && judged.every(({ fault }) => fault === undefined)) {
      journal.violation(`${short(revision)} is good, and quarantined for bytes that came while it was loaded`);
    }
    if (judged.length === 0) journal.reached('quarantined after three tries');
  }
}

function short(revision: string): string {
  return revision.slice(0, 12);
}
