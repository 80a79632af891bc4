import type { FunctionRun } from '../worlds/function-run.ts';
import type { OracleParts } from './parts.ts';

/** The time, in ms, in which at most MAX_REJECTIONS calls are rejected for one revision: the pauses grow. */
const WINDOW_MS = 20 * 60_000;
const MAX_REJECTIONS = 7;

/** Calls of UpdateEndpoint that SageMaker rejects must pause, not hammer. */
export class RejectionChecks {
  readonly #parts: OracleParts;
  #rejections: { readonly run: FunctionRun | undefined; readonly revision: string; readonly at: number }[] = [];

  constructor(parts: OracleParts) {
    this.#parts = parts;
  }

  /** A call of the controller was rejected. */
  add(run: FunctionRun | undefined): void {
    const { world, view, journal } = this.#parts;
    const { rollout } = view.state();
    if (rollout?.phase !== 'updating' || run?.isDisturbed || rollout.trigger === 'pin') return;
    const at = world.clock.now();
    this.#rejections.push({ run, revision: rollout.revision, at });
    const recent = this.#rejections.filter((each) => each.revision === rollout.revision && each.at > at - WINDOW_MS);
    if (recent.length > MAX_REJECTIONS) {
      journal.violation(`UpdateEndpoint was rejected ${recent.length} times within ${WINDOW_MS / 60_000} minutes`);
    }
  }

  /** A disturbed run may not have recorded the rejection, so that the next pass does not know of it. */
  runEnded(run: FunctionRun): void {
    if (run.isDisturbed) this.#rejections = this.#rejections.filter((each) => each.run !== run);
  }
}
