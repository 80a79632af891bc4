import type { FunctionRun } from '../worlds/function-run.ts';
import type { Call } from '../worlds/watch.ts';
import type { OracleParts } from './parts.ts';

/** Within this time of a move by hand, its config may not have been known as live to the controller. */
const RACE_MS = 60_000;

/** Whether the object is what a model loads, or is in the folder that it loads. */
function isPartOf(uri: string, loaded: string): boolean {
  return uri === loaded || (loaded.endsWith('/') && uri.startsWith(loaded));
}

/** An object that is being written or removed. */
interface WrittenObject {
  readonly bucket: string;
  readonly key: string;
  /** Absent: there is none. */
  readonly etag?: string;
}

/** Slot data that is live, pending or loaded must not become other bytes. */
export class SlotDataChecks {
  readonly #parts: OracleParts;
  #before: readonly WrittenObject[] = [];
  readonly #observing = new Set<FunctionRun>();
  /** When the last pass began that has seen the endpoint, and that nothing kept from recording it. */
  #seenAt = 0;

  constructor(parts: OracleParts) {
    this.#parts = parts;
  }

  /** Objects of the slot data are about to be written or removed. */
  beforeWrite({ input: { Bucket: bucket = '', Key, Delete } }: Call): void {
    const keys = Key === undefined ? (Delete?.Objects ?? []).map((each) => each.Key) : [Key];
    this.#before = keys.map((key) => ({ bucket, key, etag: this.#parts.view.etagAt(bucket, key) }));
  }

  /** DescribeEndpoint has answered. */
  described(run: FunctionRun): void {
    this.#observing.add(run);
  }

  runEnded(run: FunctionRun, how: string): void {
    const hasSeen = this.#observing.delete(run) && !this.#isMisled(run);
    if (hasSeen && how === 'answered' && !run.isDisturbed) this.#seenAt = run.startedAt;
  }

  /** They were, or not. */
  afterWrite(run: FunctionRun | undefined): void {
    for (const object of this.#before) this.#check(object, run);
  }

  #check({ bucket, key, etag }: WrittenObject, run: FunctionRun | undefined): void {
    const { world, view, ledger, journal } = this.#parts;
    if (etag === view.etagAt(bucket, key)) return;
    if (!ledger.status || !view.exists()) return;
    const uri = `s3://${bucket}/${key}`;
    const isLive = view.configsInUse().some((name) => view.modelDataOf(name).some((each) => isPartOf(uri, each)));
    const isRunning = [...world.running].some(({ data }) => data.some((each) => each.uri === uri));
    const isRaced = ledger.isTouchedSince(world.clock.now() - RACE_MS);
    // No pass has recorded the move, and DescribeEndpoint answers as before it.
    const isHidden = run !== undefined && this.#isMisled(run) && ledger.isTouchedSince(this.#seenAt);
    if ((isLive || isRunning) && !isRaced && !isHidden) {
      journal.violation(`run ${run?.id} writes other bytes to ${uri}, which is ${isLive ? 'live' : 'running'}`);
    }
  }

  /** DescribeEndpoint has answered it as before the last swap. */
  #isMisled({ startedAt }: FunctionRun): boolean {
    return this.#parts.ledger.outdatedAt.some((at) => at >= startedAt);
  }
}
