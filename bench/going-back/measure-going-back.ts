import { runScript } from '../support/child.ts';

/** Ways to have served again what was served before, in seconds until the endpoint is InService with it. */
export interface GoingBack {
  /** The other slot holds it. */
  readonly swap: number;
  /** Copied from a retained version first. */
  readonly copyAndSwap: number;
  /** The earlier archive uploaded again: it settles as any upload. */
  readonly uploadAgain: number;
  /** The stack deployed with an earlier setting. */
  readonly deployAgain: number;
}

export function measureGoingBack(): Promise<GoingBack> {
  return runScript(new URL('./going-back-process.ts', import.meta.url), []);
}
