import type { EndpointSpec } from '@freshpoint/cdk/contract';
import { StateConflict } from '@freshpoint/engine/errors';
import type { HistoryRecord } from '@freshpoint/engine/policy/history';
import type { EndpointState } from '@freshpoint/engine/policy/state';
import { beforeEach, describe, expect, test } from 'vitest';
import type { EndpointAccount } from '../src/endpoints/account.ts';
import { runHistory } from '../src/endpoints/history.ts';
import { type RollbackArguments, runRollback } from '../src/endpoints/rollback.ts';
import { Failure } from '../src/failure.ts';
import { ID, R1, R2, R3, record } from './records.ts';

const data = { bucket: 'copies', root: 'r/', files: [{ bucket: 'models', key: 'model.tar.gz' }] };

/** An account with one endpoint that serves R2; each pause lets one of the `steps` happen. */
class FakeAccount implements EndpointAccount {
  spec: Partial<EndpointSpec> = { data, queueUrl: 'https://queue' };
  state: EndpointState = { version: 1, serving: { configName: 'a', revision: R2, newestSource: 1, since: 1 } };
  records = [
    record(R3, { outcome: 'refused', message: 'is empty' }),
    record(R2),
    record(R1, { outcome: 'deployed', trigger: 'deployment' }),
  ];
  version = 1;
  conflicts = 0;
  promised: string[] = [];
  steps: ((state: EndpointState) => EndpointState)[] = [];

  list = async () => [ID];
  read = async () => ({ spec: this.spec as EndpointSpec, state: this.state, stateVersion: this.version });
  history = async () => this.records;
  promise = async (_: string, url: string, version: number) => void this.promised.push(`${url} ${version}`);
  write = async (_: string, state: EndpointState, after: number) => {
    if (this.conflicts-- > 0) throw new StateConflict('state');
    expect(after).toBe(this.version);
    this.state = state;
    return ++this.version;
  };
  pause = async () => {
    const step = this.steps.shift();
    if (!step) throw new Error('waits for ever');
    this.state = step(this.state);
  };
}

let account: FakeAccount;
let lines: string[];
const back = (change: Partial<RollbackArguments> = {}) =>
  runRollback(
    { command: 'rollback', endpoint: ID, wait: true, json: false, ...change },
    { account, write: (line) => lines.push(line), now: () => 1000, pause: account.pause, user: 'ada' },
  );
const served = (revision: string) => (state: EndpointState) => ({
  ...state,
  updating: undefined,
  serving: { ...state.serving!, revision },
});

beforeEach(() => {
  account = new FakeAccount();
  lines = [];
});

describe('freshpoint rollback', () => {
  test('wants what was served before, promises a look, and stays until it is served', async () => {
    account.steps = [
      (state) => ({ ...state, staging: { slot: 'a', revision: R1, at: 1 } }),
      (state) => ({ ...state, staging: undefined, updating: { revision: R1 } as never }),
      served(R1),
    ];
    await back({ reason: 'accuracy fell' });
    expect(account.state.pin).toEqual({ revision: R1, by: 'ada', at: 1000, reason: 'accuracy fell' });
    expect(account.promised).toEqual(['https://queue 2']);
    expect(lines).toEqual([
      'Iris/Endpoint is to serve 111111111111',
      'waiting for the refresher',
      'copying it into the other slot',
      'swapping to the slot that holds it',
      'Iris/Endpoint serves 111111111111',
    ]);
  });

  test('goes forward again to what was left, whatever became of it', async () => {
    await back({ to: '3333', wait: false });
    expect(account.state.pin).toMatchObject({ revision: R3 });
  });

  test('passes over what was refused since', async () => {
    account.state = { ...account.state, quarantine: [{ revision: R1, at: 1 }] };
    await expect(back()).rejects.toThrow('Nothing that Iris/Endpoint served before is on record');
  });

  test.each<[string, HistoryRecord[]]>([
    ['the history', [record(R3), record(R2), record(R1)]],
    ['going back once', [record(R2, { trigger: 'pin' }), record(R3), record(R2), record(R1)]],
    [
      'a deployment after that',
      [record(R2, { outcome: 'deployed', trigger: 'deployment' }), record(R3), record(R2), record(R1)],
    ],
    ['a failed smoke test', [record(R2, { trigger: 'smoke-test' }), record(R3), record(R2), record(R1)]],
    ['an upload of earlier bytes', [record(R2), record(R1), record(R3), record(R2)]],
  ])('goes to what came before what is served, not to what was left: %s', async (_, records) => {
    account.records = records;
    await back({ wait: false });
    expect(account.state.pin).toMatchObject({ revision: R1 });
  });

  test('says it again when the refresher writes in the same moment', async () => {
    account.conflicts = 3;
    await back({ wait: false });
    expect(account.state.pin).toMatchObject({ revision: R1 });
    account.conflicts = 5;
    await expect(back({ wait: false })).rejects.toThrow('written all the time');
  });

  test('fails with the reason when it is refused', async () => {
    account.steps = [
      (state) => ({ ...state, quarantine: [{ revision: R1, at: 2000, message: 'is not retained any more' }] }),
    ];
    await expect(back()).rejects.toThrow('111111111111 was refused: is not retained any more');
  });

  test('fails when something newer ends the wish', async () => {
    account.steps = [(state) => ({ ...state, pin: undefined }), (state) => state];
    await expect(back()).rejects.toThrow('is not wanted any more');
  });

  test('stays when the wish is covered for a moment, and put back', async () => {
    let pin: EndpointState['pin'];
    account.steps = [
      (state) => {
        pin = state.pin;
        return { ...state, pin: undefined };
      },
      (state) => ({ ...state, pin }),
      (state) => ({ ...state, pin: undefined }),
      served(R1),
    ];
    await back();
    expect(lines.at(-1)).toBe('Iris/Endpoint serves 111111111111');
  });

  test('does not judge by a state from before the wish', async () => {
    const { read } = account;
    account.steps = [(state) => state, (state) => state, served(R1)];
    account.read = async () => {
      const record = await read();
      return account.steps.length === 2 ? { ...record, state: { version: 1 }, stateVersion: 1 } : record;
    };
    await back();
    expect(lines).toEqual([
      'Iris/Endpoint is to serve 111111111111',
      'waiting for the refresher',
      'Iris/Endpoint serves 111111111111',
    ]);
  });

  test('is stronger than an older refusal, also where this clock is behind, and ends with a new one', async () => {
    account.state = { ...account.state, quarantine: [{ revision: R3, at: 5000, message: 'first' }] };
    account.steps = [
      (state) => state,
      (state) => ({ ...state, quarantine: [{ revision: R3, at: 9000, message: 'again \x1b[2J' }] }),
    ];
    await expect(back({ to: '3333' })).rejects.toThrow(/was refused: again $/);
    expect(account.state.pin).toMatchObject({ revision: R3, at: 5001 });
  });

  test('tells of a refusal by a refresher whose clock is behind', async () => {
    account.steps = [(state) => ({ ...state, quarantine: [{ revision: R1, at: 500, message: 'no ping' }] })];
    await expect(back()).rejects.toThrow('was refused: no ping');
  });

  test('says that the wish is on record when the promise could not be sent', async () => {
    account.promise = () => Promise.reject(new Failure('sqs:SendMessage was refused.'));
    await expect(back()).rejects.toThrow('sqs:SendMessage was refused. It is on record all the same');
    expect(account.state.pin).toMatchObject({ revision: R1 });
  });

  test('tells of a hold', async () => {
    account.state = { ...account.state, suspension: { by: 'bob', at: 1, reason: 'audit' } };
    await back({ wait: false });
    expect(lines[1]).toBe('held by bob (audit): nothing is swapped before the release');
  });

  test('is one JSON object per event for machines', async () => {
    account.state = { ...account.state, suspension: { by: 'bob', at: 1 } };
    account.steps = [(state) => ({ ...state, quarantine: [{ revision: R1, at: 2000, message: 'no ping' }] })];
    await expect(back({ json: true })).rejects.toThrow('no ping');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { event: 'wanted', revision: R1 },
      { event: 'held', revision: R1, by: 'bob' },
      { event: 'waiting', revision: R1 },
      { event: 'refused', revision: R1, message: 'no ping' },
    ]);
  });

  test.each<[string, () => void, Partial<RollbackArguments>, string]>([
    ['data in place', () => Object.assign(account, { spec: {} }), {}, 'is in place'],
    ['a stack that names no queue', () => Object.assign(account, { spec: { data } }), {}, 'names no queue'],
    ['a history with nothing before', () => account.records.splice(2), {}, 'Nothing that Iris/Endpoint served before'],
    ['what is served already', () => undefined, { to: '2222' }, 'serves 222222222222 already'],
    ['an unknown revision', () => undefined, { to: 'abcd' }, 'one of: 333333333333, 222222222222, 111111111111'],
    [
      'an ambiguous one',
      () => account.records.push(record(`1111${'0'.repeat(60)}`)),
      { to: '1111' },
      'beginning of several',
    ],
  ])('refuses %s', async (_, make, options, message) => {
    make();
    await expect(back(options)).rejects.toThrow(message);
    expect(account.state.pin).toBeUndefined();
  });
});

describe('freshpoint history', () => {
  const history = (endpoint?: string, json = false, columns?: number) =>
    runHistory({ command: 'history', endpoint, json }, account, (line) => lines.push(line), columns);

  test('lists the endpoints when none is named', async () => {
    await history();
    expect(lines).toEqual([ID]);
  });

  test('says so when there is none', async () => {
    account.list = async () => [];
    await history();
    expect(lines).toEqual(['There is no endpoint in this account and region.']);
  });

  test("wraps reasons at a terminal's edge, and keeps control characters from it", async () => {
    account.records = [
      record(R3, { outcome: 'refused', message: 'The primary \x1b[31mcontainer\x1b[0m did not\npass the ping' }),
    ];
    await history(ID, false, 30);
    expect(lines.slice(2)).toEqual([
      '     The primary container did',
      '     not pass the ping',
      '* is served now; times are UTC',
    ]);
  });

  test('does not mark the refusal of what is served since', async () => {
    account.records = [record(R2), record(R2, { outcome: 'refused' })];
    await history(ID);
    expect(lines.filter((line) => line.startsWith('*  '))).toHaveLength(1);
  });

  test('is a table, newest first, with reasons and what is served', async () => {
    await history(ID);
    expect(lines).toEqual([
      '   when                 took   revision      slot  by          outcome',
      '   2026-11-01 12:00:00  240 s  333333333333  A     upload      refused',
      '     is empty',
      '*  2026-11-01 12:00:00  240 s  222222222222  A     upload      succeeded',
      '   2026-11-01 12:00:00  240 s  111111111111  A     deployment  deployed',
      '* is served now; times are UTC',
    ]);
  });

  test('has everything for machines', async () => {
    await history(ID, true);
    expect(lines.map((line) => JSON.parse(line)).map(({ revision, serving }) => [revision, serving])).toEqual([
      [R3, false],
      [R2, true],
      [R1, false],
    ]);
    expect(JSON.parse(lines[0]!).sources).toEqual(record(R3).sources);
  });

  test('of nothing yet says so', async () => {
    account.records = [];
    await history(ID);
    expect(lines).toEqual(['No refresh of Iris/Endpoint is on record yet.']);
  });
});
