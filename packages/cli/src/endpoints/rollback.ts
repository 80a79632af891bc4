import { StateConflict } from '@freshpoint/engine/errors';
import type { Pin } from '@freshpoint/engine/policy/state';
import { Failure } from '../failure.ts';
import { harmless } from '../text.ts';
import type { EndpointAccount } from './account.ts';
import { follow, type Said } from './follow.ts';
import { refusalOf } from './refusal.ts';
import { reporter, short } from './report.ts';
import { chooseRevision } from './revision-choice.ts';

/** Settings of `freshpoint rollback`. */
export interface RollbackArguments {
  readonly command: 'rollback';
  readonly endpoint: string;
  /** The beginning of a revision; absent: the one before what is served. */
  readonly to?: string;
  readonly reason?: string;
  /** Whether to stay until it is served. */
  readonly wait: boolean;
  readonly json: boolean;
}

/** What `back` needs of its surroundings. */
export interface Surroundings {
  readonly account: EndpointAccount;
  readonly write: (line: string) => void;
  /** Epoch ms. */
  readonly now: () => number;
  readonly pause: (ms: number) => Promise<void>;
  /** Who goes back, for the record. */
  readonly user: string;
}

/** Somebody else may write the state in the same second: more often than this in a row, something is wrong. */
const MOST_TRIES = 5;

/** Says that an earlier revision is wanted, and stays until it is served. Throws Failure when it is refused. */
export async function runRollback(options: RollbackArguments, around: Surroundings): Promise<void> {
  const { account } = around;
  const { endpoint } = options;
  const report = reporter(options.json, around.write);
  const { spec, state } = await account.read(endpoint);
  if (!spec.data) {
    throw new Failure(
      `The model data of ${endpoint} is in place: both slots load what lies at the sources. Upload the earlier archive again.`,
    );
  }
  if (spec.queueUrl === undefined) {
    throw new Failure(
      `The spec of ${endpoint} names no queue. Deploy its stack with this version of Freshpoint first.`,
    );
  }
  const revision = chooseRevision(await account.history(endpoint), state, options);
  const said = await say(revision, options, around);
  report('wanted', revision, `${endpoint} is to serve ${short(revision)}`);
  if (state.suspension) {
    const { by, reason } = state.suspension;
    const why = reason === undefined ? '' : ` (${harmless(reason)})`;
    report('held', revision, `held by ${harmless(by)}${why}: nothing is swapped before the release`, { by, reason });
  }
  await promise(account, endpoint, spec.queueUrl, said);
  if (options.wait) await follow(endpoint, said, around, report);
}

/** The state is the refresher's too: whoever is covered is put back, and what is said is said again. */
async function say(revision: string, { endpoint, reason }: RollbackArguments, around: Surroundings): Promise<Said> {
  const { account, now, user } = around;
  for (let tries = 1; ; tries++) {
    const { state, stateVersion } = await account.read(endpoint);
    const refusedBefore = refusalOf(state, revision)?.at;
    // A word counts against older refusals only, and this clock may be behind the refresher's.
    const at = Math.max(now(), (refusedBefore ?? 0) + 1);
    const pin: Pin = { revision, by: user, at, ...(reason !== undefined && { reason }) };
    try {
      return {
        pin,
        stateVersion: await account.write(endpoint, { ...state, pin }, stateVersion),
        refusedBefore,
      };
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
      if (tries === MOST_TRIES)
        throw new Failure(`The state of ${endpoint} is written all the time. Try again.`, error);
    }
  }
}

/** The state alone is enough, with the next sweep: where the promise fails, that is said too. */
async function promise(
  account: EndpointAccount,
  endpoint: string,
  queueUrl: string,
  { stateVersion }: Said,
): Promise<void> {
  const later = 'It is on record all the same: the refresher sees it at its next sweep.';
  try {
    await account.promise(endpoint, queueUrl, stateVersion);
  } catch (error) {
    throw error instanceof Failure ? new Failure(`${error.message} ${later}`, error) : error;
  }
}
