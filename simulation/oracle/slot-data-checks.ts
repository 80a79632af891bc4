import type { FunctionRun } from '../worlds/function-run.ts';
import type { Call } from '../worlds/watch.ts';
import type { OracleParts } from './parts.ts';

/** Within this time of a move by hand, its config may not have been known as live to the controller. */
const RACE_MS = 60_000;

/** Slot data that is live, pending or loaded must not become other bytes. */
export class SlotDataChecks {
  readonly #parts: OracleParts;
  #before: { readonly uri: string; readonly etag?: string } = { uri: '' };

  constructor(parts: OracleParts) {
    this.#parts = parts;
  }

  /** An object of the slot data is about to be written. */
  beforeWrite({ input: { Bucket = '', Key = '' } }: Call): void {
    this.#before = { uri: `s3://${Bucket}/${Key}`, etag: this.#parts.view.etagAt(Bucket, Key) };
  }

  /** It was written, or not. */
  afterWrite({ input: { Bucket = '', Key = '' } }: Call, run: FunctionRun | undefined): void {
    const { world, view, ledger, journal } = this.#parts;
    const { uri, etag } = this.#before;
    if (etag === view.etagAt(Bucket, Key)) return;
    if (!ledger.status || !view.exists()) return;
    const isLive = view.configsInUse().some((name) => view.modelDataOf(name).includes(uri));
    const isRunning = [...world.running].some(({ data }) => data.some((each) => each.uri === uri));
    const isRaced = ledger.isTouchedSince(world.clock.now() - RACE_MS);
    if ((isLive || isRunning) && !isRaced) {
      journal.violation(`run ${run?.id} writes other bytes to ${uri}, which is ${isLive ? 'live' : 'running'}`);
    }
  }
}
