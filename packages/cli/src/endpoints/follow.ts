import type { Pin } from '@freshpoint/engine/policy/state';
import { Failure } from '../failure.ts';
import { harmless } from '../text.ts';
import type { EndpointAccount } from './account.ts';
import { refusalOf } from './refusal.ts';
import { type Report, short } from './report.ts';

/** What a person said, as it was written into the state. */
export interface Said {
  readonly pin: Pin;
  readonly stateVersion: number;
  /** When the revision had been refused before, epoch ms of the refresher's clock. Absent: it had not. */
  readonly refusedBefore?: number;
}

const POLL_MS = 2000;

const PHASES = {
  waiting: 'waiting for the refresher',
  copying: 'copying it into the other slot',
  swapping: 'swapping to the slot that holds it',
} as const;

/** Tells what becomes of it until it is served. Throws Failure when it is refused, or not wanted any more. */
export async function follow(
  endpoint: string,
  { pin, stateVersion: written, refusedBefore }: Said,
  { account, pause }: { readonly account: EndpointAccount; readonly pause: (ms: number) => Promise<void> },
  report: Report,
): Promise<void> {
  const { revision, at } = pin;
  let phase = '';
  let wasWanted = true;
  for (; ; await pause(POLL_MS)) {
    const { state, stateVersion } = await account.read(endpoint);
    // SSM may still answer with what was there before.
    if (stateVersion < written) continue;
    const { updating, staging, serving } = state;
    const refused = refusalOf(state, revision);
    if (refused && refused.at !== refusedBefore) {
      const reason = harmless(refused.message ?? 'no reason is on record');
      // People read it in the Failure.
      report('refused', revision, undefined, { message: reason });
      throw new Failure(`${short(revision)} was refused: ${reason}`);
    }
    if (serving?.revision === revision && !updating) {
      report('served', revision, `${endpoint} serves ${short(revision)}`);
      return;
    }
    const isWanted = state.pin?.at === at || updating !== undefined;
    // Once is not enough: the refresher may have covered it, and is about to put it back.
    if (!isWanted && !wasWanted) {
      report('unwanted', revision, undefined);
      throw new Failure(
        `${short(revision)} is not wanted any more: something newer was uploaded, or somebody else spoke.`,
      );
    }
    wasWanted = isWanted;
    const now = updating?.revision === revision ? 'swapping' : staging?.revision === revision ? 'copying' : 'waiting';
    if (now !== phase) report(now, revision, PHASES[now]);
    phase = now;
  }
}
