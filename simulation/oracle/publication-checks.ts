import type { FunctionRun } from '../worlds/function-run.ts';
import type { PublishedRefresh } from './ledger.ts';
import type { OracleParts } from './parts.ts';

/** The end of a refresh is published once, unless a run was disturbed between the publication and its last write. */
export class PublicationChecks {
  readonly #parts: OracleParts;
  /** The run that published each end first. */
  readonly #runs = new Map<string, FunctionRun>();

  constructor(parts: OracleParts) {
    this.#parts = parts;
  }

  published({ type, revision, startedAt }: PublishedRefresh, run: FunctionRun | undefined): void {
    if (type === 'started' || run === undefined) return;
    const end = `${type} ${revision} ${startedAt}`;
    const first = this.#runs.get(end);
    this.#runs.set(end, first ?? run);
    if (!first || first === run || first.isDisturbed || this.#parts.ledger.stateDeletedAt.length > 0) return;
    this.#parts.journal.violation(`${type} of ${revision.slice(0, 12)} is published again`);
  }
}
