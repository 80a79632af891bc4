import { runScript } from '../support/child.ts';

/** Ways to serve again what was served before, in seconds until the fleet serves it. */
export interface RollbackFigures {
  /** The other slot holds it. */
  readonly swapSeconds: number;
  /** Copied from the revision store first. */
  readonly copyAndSwapSeconds: number;
  /** The earlier archive is uploaded again: it settles as any upload. */
  readonly uploadAgainSeconds: number;
  /** For comparison: a deployment of the stack with another setting, until the endpoint is InService. */
  readonly deploySeconds: number;
}

export function measureRollback(): Promise<RollbackFigures> {
  return runScript(new URL('./rollback-process.ts', import.meta.url), []);
}
