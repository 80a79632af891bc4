import { describe, expect, test } from 'vitest';
import { reconcileBatch } from '../../src/controller/batch.ts';
import { StateConflict } from '../../src/errors.ts';
import { type PersonAction, pinRevision, resumeSwaps, suspendSwaps } from '../../src/policy/person-actions.ts';
import { recordedUpdate } from '../../src/policy/rollout.ts';
import type { EndpointState } from '../../src/policy/state.ts';
import { message } from '../controller/fakes.ts';
import { accepted, endpoint, MINUTE, NOON, quiet, servedV1, spec, v2 } from '../policy/situations.ts';
import { explore, type Gate, type Situation } from './explore.ts';
import { type Beginning, SharedAccount } from './shared-account.ts';

const data = { bucket: 'data', root: 'Iris/Endpoint/1/', files: [{ bucket: 'models', key: 'model.tar.gz' }] };
const perSlot = { ...spec, data };
const tested = { ...perSlot, smokeTests: [{ payload: '1', contentType: 'text/csv' }] };
/** How often a run turns from an actor that could go on to another one. Three find all orders of three calls. */
const MAX_SWITCHES = 3;

const actor = { by: 'ada', at: NOON };
const suspends = (state: EndpointState) => suspendSwaps(state, actor);
const resumes = (state: EndpointState) => resumeSwaps(state, actor);
const rollsBack = (state: EndpointState) => pinRevision(state, 'v0', actor);

/** A serves v1, B holds v0, and v2 is settled. */
const uploaded: Beginning = {
  spec: perSlot,
  state: { ...servedV1, stored: ['v1', 'v0'] },
  endpoint,
  slots: { a: 'v1', b: 'v0' },
  sources: v2,
};
/** B holds v2, and SageMaker is updating the endpoint to it. */
const updating: Beginning = {
  ...uploaded,
  state: { ...quiet, rollout: accepted, stored: ['v1', 'v2', 'v0'] },
  endpoint: {
    ...endpoint,
    status: 'Updating',
    pendingConfigName: 'config-b',
    lastModified: endpoint.lastModified + MINUTE,
  },
  slots: { a: 'v1', b: 'v2' },
};
/** That update has reached its config. */
const reached: Beginning = {
  ...updating,
  endpoint: { ...endpoint, configName: 'config-b', lastModified: NOON - MINUTE },
};

/** A controller that makes some passes, one after the other. */
const passes = (account: SharedAccount, name: string, count: number) => async (gate: Gate) => {
  const ports = account.ports(name, gate);
  for (let pass = 1; pass <= count; pass++) await reconcileBatch(ports, [message(`${name}${pass}`)]);
};

/** A person who acts as the command does. */
const person = (account: SharedAccount, actions: readonly Act[]) => async (gate: Gate) => {
  const { states, history } = account.ports('person', gate);
  for (const act of actions) {
    for (;;) {
      const stored = await states.read(spec.store);
      const { state, record } = act(stored?.state ?? quiet);
      const isWritten = await states.write(spec.store, state, stored?.etag).then(() => true, falseAtConflict);
      if (!isWritten) continue;
      await history.append(spec.store, record);
      break;
    }
  }
};

type Act = (state: EndpointState) => PersonAction;

function falseAtConflict(error: unknown): false {
  if (!(error instanceof StateConflict)) throw error;
  return false;
}

/** Two controllers and a person on one account; `counts`: how many passes each controller makes. */
function situation(beginning: Beginning, actions: readonly Act[], counts: readonly [number, number]): Situation {
  const account = new SharedAccount(beginning);
  return {
    actors: {
      one: passes(account, 'one', counts[0]),
      two: passes(account, 'two', counts[1]),
      person: person(account, actions),
    },
    events: {
      complete: {
        canHappen: () => account.endpoint.status === 'Updating',
        happen: () => account.complete(),
      },
    },
    snapshot: () => account.snapshot(),
    check: () => account.check(),
    checkEnd: () => checkEnd(account, beginning, actions),
  };
}

function checkEnd(account: SharedAccount, { state: begun }: Beginning, actions: readonly Act[]): void {
  const { state, published } = account;
  if (actions.at(-1) === suspends && !state.suspension) throw new Error('The suspension was lost.');
  if (actions.includes(rollsBack) && state.pin?.revision !== 'v0') throw new Error('The pin was lost.');
  const successes = published.filter((name) => name === 'succeeded v2').length;
  if (successes > 1) throw new Error(`The success was published ${successes} times.`);
  const refusals = published.filter((name) => name === 'refused v2').length;
  const isQuarantined = state.quarantine?.some(({ revision }) => revision === 'v2');
  if (refusals > 0 && !isQuarantined) throw new Error('The refusal was published, but not recorded.');
  if (refusals > 1) throw new Error(`The refusal was published ${refusals} times.`);
  if (recordedUpdate(begun) && !recordedUpdate(state) && successes === 0)
    throw new Error('The success was not published.');
}

describe('two controllers and a person, in every order of their calls', () => {
  const refused = { ...uploaded, check: { kind: 'refused', message: 'is no archive' } } as const;
  const during = { ...reached, spec: tested };
  test.each<[string, Beginning, readonly Act[], readonly [number, number]]>([
    ['an upload is served while swaps are suspended', uploaded, [suspends], [1, 1]],
    ['an upload is served while another revision is pinned', uploaded, [rollsBack], [1, 1]],
    ['an upload is refused while swaps are suspended and resumed', refused, [suspends, resumes], [2, 1]],
    ['an update ends while swaps are suspended', updating, [suspends], [2, 2]],
    ['an update ends while another revision is pinned', updating, [rollsBack], [1, 1]],
    ['an update is tested while swaps are suspended', during, [suspends], [1, 1]],
    ['an update is tested while another revision is pinned', during, [rollsBack], [1, 1]],
  ])('%s', async (_, beginning, actions, counts) => {
    const states = await explore(() => situation(beginning, actions, counts), MAX_SWITCHES);
    expect(states).toBeGreaterThan(500);
  });
});

test('without compare-and-set they would break the contract', async () => {
  const broken = { ...uploaded, isConditional: false };
  const explored = explore(() => situation(broken, [suspends], [1, 1]), MAX_SWITCHES);
  await expect(explored).rejects.toThrow(/An update was recorded although swaps are suspended|The suspension was lost/);
});
