import { StateConflict } from '../../../engine/src/errors.ts';
import type { HistoryRecord } from '../../../engine/src/history.ts';
import type { EndpointState, Wanted } from '../../../engine/src/policy/state.ts';
import { Failure, UsageError } from '../failure.ts';
import type { EndpointAccount } from './account.ts';

/** Settings of `freshpoint back`. */
export interface BackArguments {
  readonly command: 'back';
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

const POLL_MS = 2000;
/** Somebody else may write the state in the same second: more often than this in a row, something is wrong. */
const MOST_TRIES = 5;

/** Says that an earlier revision is wanted, and stays until it is served. Throws Failure when it is refused. */
export async function runBack(options: BackArguments, around: Surroundings): Promise<void> {
  const { account, now, user } = around;
  const { endpoint, reason } = options;
  const tell = teller(options.json, around.write);
  const { spec, state } = await account.read(endpoint);
  if (!spec.data) {
    throw new Failure(
      `The model data of ${endpoint} is in place: both slots load what lies at the sources. Upload the earlier archive again.`,
    );
  }
  const revision = chosen(await account.history(endpoint), state, options);
  const wanted: Wanted = { revision, by: user, at: now(), ...(reason !== undefined && { reason }) };
  const stateVersion = await say(account, endpoint, wanted);
  tell('wanted', revision, `${endpoint} is to serve ${short(revision)}`);
  if (state.hold) tell('held', revision, `held by ${state.hold.by}: nothing is swapped before the release`);
  if (spec.queueUrl !== undefined) await account.promise(endpoint, spec.queueUrl, stateVersion);
  if (options.wait) await follow(endpoint, wanted, around, tell);
}

function chosen(records: readonly HistoryRecord[], state: EndpointState, { endpoint, to }: BackArguments): string {
  const served = state.served?.revision;
  const known = [...new Set(records.filter(({ outcome }) => outcome !== 'refused').map(({ revision }) => revision))];
  const all = [...new Set(records.map(({ revision }) => revision))];
  if (to === undefined) {
    const isRefused = (revision: string) => state.quarantine?.some((entry) => entry.revision === revision) ?? false;
    // What was served before it, not what came after it and was left.
    const before = served === undefined ? known : known.slice(known.indexOf(served) + 1);
    const found = before.find((revision) => revision !== served && !isRefused(revision));
    if (found) return found;
    throw new Failure(`Nothing that ${endpoint} served before is on record. Look at: freshpoint history ${endpoint}`);
  }
  const matches = all.filter((revision) => revision.startsWith(to.toLowerCase()));
  const listed = all.slice(0, 8).map(short).join(', ') || 'none';
  if (matches.length === 0) throw new UsageError(`--to is "${to}", expected the beginning of one of: ${listed}`);
  if (matches.length > 1)
    throw new UsageError(`--to "${to}" is the beginning of several: ${matches.map(short).join(', ')}`);
  if (matches[0] === served) throw new Failure(`${endpoint} serves ${short(served!)} already.`);
  return matches[0]!;
}

/** The state is the refresher's too: whoever is covered is put back, and what is said is said again. Returns the state's version. */
async function say(account: EndpointAccount, endpoint: string, wanted: Wanted): Promise<number> {
  for (let tries = 1; ; tries++) {
    const { state, stateVersion } = await account.read(endpoint);
    try {
      return await account.write(endpoint, { ...state, wanted }, stateVersion);
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
      if (tries === MOST_TRIES)
        throw new Failure(`The state of ${endpoint} is written all the time. Try again.`, error);
    }
  }
}

async function follow(
  endpoint: string,
  { revision, at }: Wanted,
  { account, pause }: Surroundings,
  tell: ReturnType<typeof teller>,
): Promise<void> {
  let phase = '';
  for (;;) {
    const { state } = await account.read(endpoint);
    const { intent, filling, served } = state;
    const refused = state.quarantine?.find((entry) => entry.revision === revision && entry.at > at);
    if (refused) throw new Failure(`${short(revision)} was refused: ${refused.reason ?? 'no reason is on record'}`);
    if (served?.revision === revision && !intent) {
      tell('served', revision, `${endpoint} serves ${short(revision)}`);
      return;
    }
    if (state.wanted?.at !== at && !intent) {
      throw new Failure(
        `${short(revision)} is not wanted any more: something newer was uploaded, or somebody else spoke.`,
      );
    }
    const now = intent?.revision === revision ? 'swapping' : filling?.revision === revision ? 'copying' : 'waiting';
    if (now !== phase) tell(now, revision, PHASES[now]);
    phase = now;
    await pause(POLL_MS);
  }
}

const PHASES = {
  waiting: 'waiting for the refresher',
  copying: 'copying it into the other slot',
  swapping: 'swapping to the slot that holds it',
} as const;

function teller(json: boolean, write: (line: string) => void) {
  return (event: string, revision: string, text: string): void =>
    write(json ? JSON.stringify({ event, revision }) : text);
}

function short(revision: string): string {
  return revision.slice(0, 12);
}
