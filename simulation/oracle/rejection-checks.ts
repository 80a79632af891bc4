import type { FunctionRun } from '../worlds/function-run.ts';
import type { OracleParts } from './parts.ts';

/** The time, in ms, in which at most MAX_REJECTIONS calls are rejected for one revision: the pauses grow. */
const WINDOW_MS = 20 * 60_000;
const MAX_REJECTIONS = 7;

/** Calls of UpdateEndpoint that SageMaker rejects must pause, not hammer. */
export class RejectionChecks {
  readonly #parts: OracleParts;
  readonly #rejections: { readonly revision: string; readonly at: number }[] = [];

  constructor(parts: OracleParts) {
    this.#parts = parts;
  }

  /** A call of the controller was rejected. After a disturbed run it may not know of it. */
  add(run: FunctionRun | undefined): void {
    const { world, view, journal } = this.#parts;
    const { rollout } = view.state();
    if (rollout?.phase !== 'updating' || run?.isDisturbed || rollout.trigger === 'pin') return;
    const at = world.clock.now();
    this.#rejections.push({ revision: rollout.revision, at });
    const recent = this.#rejections.filter((each) => each.revision === rollout.revision && each.at > at - WINDOW_MS);
    if (recent.length > MAX_REJECTIONS) {
      journal.violation(`UpdateEndpoint was rejected ${recent.length} times within ${WINDOW_MS / 60_000} minutes`);
    }
  }
}
