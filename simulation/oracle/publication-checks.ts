import type { FunctionRun } from '../worlds/function-run.ts';
import type { OracleParts } from './parts.ts';

/** An event that ends a refresh, as the bus has it. */
export interface EndedRefresh {
  readonly type: string;
  readonly revision: string;
  readonly startedAt?: number;
}

/** A record of the history, as far as the checks read it. */
interface AppendedRecord {
  readonly outcome: string;
  readonly revision?: string;
  readonly trigger?: string;
  readonly retried?: boolean;
  readonly at: number;
}

interface Publication {
  readonly run: FunctionRun | undefined;
  readonly at: number;
}

const ENDINGS = new Set(['succeeded', 'refused', 'deployed']);
const REFRESHES = new Set(['succeeded', 'refused']);

/** Whether the record is of a refusal that was published. What a deployment carries over was published before. */
function isQuarantine({ outcome, retried, trigger }: AppendedRecord): boolean {
  return outcome === 'refused' && !retried && trigger !== 'deployment';
}

/** The history has each ended refresh once; the bus and the metrics have what the history has. */
export class PublicationChecks {
  readonly #parts: OracleParts;
  readonly #published = new Map<string, Publication>();
  readonly #crashed = new Set<FunctionRun>();
  readonly #records: AppendedRecord[] = [];
  readonly #metrics = new Map<string, number>();
  #isUncertain = false;
  /** How often a metric of the endpoint was published, except for requests that go back to the queue. */
  metricCount = 0;

  constructor(parts: OracleParts) {
    this.#parts = parts;
  }

  published({ type, revision, startedAt }: EndedRefresh, run: FunctionRun | undefined): void {
    if (!ENDINGS.has(type)) return;
    const { journal, world, ledger } = this.#parts;
    const key = `${type} ${revision} ${startedAt}`;
    const before = this.#published.get(key);
    this.#published.set(key, { run, at: world.clock.now() });
    if (!before) return;
    // A pass that had begun by then, or comes after a crash, cannot know of it; nor can a rebuilt state.
    const isConcurrent = run !== undefined && run.startedAt < before.at;
    const isCrashed = before.run !== undefined && (before.run.isDisturbed || this.#crashed.has(before.run));
    if (isConcurrent || isCrashed || ledger.stateDeletedAt.length > 0) return;
    journal.violation(`${type} of ${revision.slice(0, 12)} is published again`);
  }

  /** A new object of the history. */
  appended(text: string): void {
    const record = JSON.parse(text) as Omit<AppendedRecord, 'at'> & { readonly at: string };
    this.#records.push({ ...record, at: Date.parse(record.at) });
  }

  metric(name: string, value: number): void {
    if (name !== 'ReconcilesRequeued') this.metricCount += 1;
    this.#metrics.set(name, (this.#metrics.get(name) ?? 0) + value);
  }

  runEnded(run: FunctionRun, how: string): void {
    if (how !== 'answered') {
      this.#crashed.add(run);
      this.#parts.ledger.crashedAt.push(this.#parts.world.clock.now());
    }
    if (how !== 'answered' || run.isDisturbed) this.#isUncertain = true;
  }

  /** How many records there are of refreshes to this revision. */
  recordsOf(revision: string | undefined): number {
    return this.#records.filter(
      (record) => REFRESHES.has(record.outcome) && record.trigger !== 'deployment' && record.revision === revision,
    ).length;
  }

  /** The counts agree, unless a crash or a fault came in between. */
  check(): void {
    const { journal, ledger } = this.#parts;
    if (this.#isUncertain || ledger.stateDeletedAt.length > 0) return;
    const succeeded = this.#records.filter(({ outcome }) => outcome === 'succeeded').length;
    const quarantined = this.#records.filter(isQuarantine).length;
    this.#compare('Swaps', succeeded);
    this.#compare('Quarantines', quarantined);
    journal.reached('metrics compared with the history');
  }

  #compare(metric: string, records: number): void {
    const counted = this.#metrics.get(metric) ?? 0;
    if (counted !== records) {
      this.#parts.journal.violation(`${metric} was counted ${counted} times, the history has ${records} records`);
    }
  }
}
