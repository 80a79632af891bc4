import { beforeEach, describe, expect, test } from 'vitest';
import type { EndpointSpec } from '../../cdk/src/private/contract.ts';
import { StateConflict } from '../../engine/src/errors.ts';
import type { HistoryRecord } from '../../engine/src/history.ts';
import type { EndpointState } from '../../engine/src/policy/state.ts';
import { type EndpointAccount, endpointAccount } from '../src/endpoints/account.ts';
import { type BackArguments, runBack } from '../src/endpoints/back.ts';
import { runHistory } from '../src/endpoints/history.ts';

const ID = 'Iris/Endpoint';
const [R1, R2, R3] = ['1', '2', '3'].map((digit) => digit.repeat(64)) as [string, string, string];
const data = { bucket: 'copies', root: 'r/', files: [{ bucket: 'models', key: 'model.tar.gz' }] };
const record = (revision: string, more: Partial<HistoryRecord> = {}): HistoryRecord => ({
  version: 1,
  id: `${revision}-${more.outcome ?? 'succeeded'}`,
  outcome: 'succeeded',
  revision,
  slot: 'a',
  by: 'upload',
  at: '2026-11-01T12:00:00.000Z',
  seconds: 240,
  sources: [{ bucket: 'models', key: 'model.tar.gz', etag: 'e', size: 1, version: 'v' }],
  ...more,
});

/** An account with one endpoint that serves R2; each pause lets one of the `steps` happen. */
class FakeAccount implements EndpointAccount {
  spec: Partial<EndpointSpec> = { data, queueUrl: 'https://queue' };
  state: EndpointState = { version: 1, served: { configName: 'a', revision: R2, newestSource: 1, since: 1 } };
  records = [
    record(R3, { outcome: 'refused', reason: 'is empty' }),
    record(R2),
    record(R1, { outcome: 'deployed', by: 'deployment' }),
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
const back = (change: Partial<BackArguments> = {}) =>
  runBack(
    { command: 'back', endpoint: ID, wait: true, json: false, ...change },
    { account, write: (line) => lines.push(line), now: () => 1000, pause: account.pause, user: 'ada' },
  );
const served = (revision: string) => (state: EndpointState) => ({
  ...state,
  intent: undefined,
  served: { ...state.served!, revision },
});

beforeEach(() => {
  account = new FakeAccount();
  lines = [];
});

describe('freshpoint back', () => {
  test('wants what was served before, promises a look, and stays until it is served', async () => {
    account.steps = [
      (state) => ({ ...state, filling: { slot: 'a', revision: R1, at: 1 } }),
      (state) => ({ ...state, filling: undefined, intent: { revision: R1 } as never }),
      served(R1),
    ];
    await back({ reason: 'accuracy fell' });
    expect(account.state.wanted).toEqual({ revision: R1, by: 'ada', at: 1000, reason: 'accuracy fell' });
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
    expect(account.state.wanted).toMatchObject({ revision: R3 });
  });

  test('passes over what was refused since', async () => {
    account.state = { ...account.state, quarantine: [{ revision: R1, at: 1 }] };
    await expect(back()).rejects.toThrow('Nothing that Iris/Endpoint served before is on record');
  });

  test('does not take what came after what is served for something before it', async () => {
    account.records = [record(R3), record(R2), record(R1)];
    await back({ wait: false });
    expect(account.state.wanted).toMatchObject({ revision: R1 });
  });

  test('says it again when the refresher writes in the same moment', async () => {
    account.conflicts = 3;
    await back({ wait: false });
    expect(account.state.wanted).toMatchObject({ revision: R1 });
    account.conflicts = 5;
    await expect(back({ wait: false })).rejects.toThrow('written all the time');
  });

  test('fails with the reason when it is refused', async () => {
    account.steps = [
      (state) => ({ ...state, quarantine: [{ revision: R1, at: 2000, reason: 'is not retained any more' }] }),
    ];
    await expect(back()).rejects.toThrow('111111111111 was refused: is not retained any more');
  });

  test('fails when something newer ends the wish', async () => {
    account.steps = [(state) => ({ ...state, wanted: undefined })];
    await expect(back()).rejects.toThrow('is not wanted any more');
  });

  test('tells of a hold', async () => {
    account.state = { ...account.state, hold: { by: 'bob', at: 1 } };
    await back({ wait: false });
    expect(lines.join()).toContain('held by bob');
  });

  test('is one JSON object per event for machines', async () => {
    await back({ wait: false, json: true });
    expect(lines.map((line) => JSON.parse(line))).toEqual([{ event: 'wanted', revision: R1 }]);
  });

  test.each<[string, () => void, Partial<BackArguments>, string]>([
    ['data in place', () => Object.assign(account, { spec: {} }), {}, 'is in place'],
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
    expect(account.state.wanted).toBeUndefined();
  });
});

describe('freshpoint history', () => {
  const history = (endpoint?: string, json = false) =>
    runHistory({ command: 'history', endpoint, json }, account, (line) => lines.push(line));

  test('lists the endpoints when none is named', async () => {
    await history();
    expect(lines).toEqual([ID]);
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
    expect(lines.map((line) => JSON.parse(line)).map(({ revision, served }) => [revision, served])).toEqual([
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

describe('the account', () => {
  // biome-ignore lint/suspicious/noExplicitAny: AWS's shapes
  const clients = (answer: (name: string, input: any) => unknown) => {
    const client = {
      async send(command: { constructor: { name: string }; input: unknown }) {
        const result = answer(command.constructor.name, command.input);
        if (result instanceof Error) throw result;
        return result;
      },
    };
    return endpointAccount({ ssm: client, sqs: client });
  };

  test('reads a history of several pages: newest first, each once, and nothing that is no record', async () => {
    const values = [
      '{"version":1}',
      'not json',
      JSON.stringify(record(R1)),
      JSON.stringify(record(R2)),
      JSON.stringify(record(R2)),
    ];
    const pages = [values.slice(0, 3), values.slice(3)];
    const found = await clients((_, { NextToken = '0' }) => ({
      Parameters: pages[Number(NextToken)]!.map((Value) => ({ Value })),
      NextToken: NextToken === '0' ? '1' : undefined,
    })).history(ID);
    expect(found.map(({ revision }) => revision)).toEqual([R2, R1]);
  });

  test('an endpoint that is not there: which ones are', async () => {
    const there = clients((name) =>
      name === 'GetParametersCommand'
        ? { Parameters: [] }
        : { Parameters: [{ Name: '/freshpoint/A/B/spec' }, { Name: '/freshpoint/A/B/state' }] },
    );
    await expect(there.read('X/Y')).rejects.toThrow('There is no endpoint "X/Y". There are: A/B.');
  });

  test.each([
    [
      'AccessDeniedException',
      'not authorized',
      /ssm:GetParameterHistory was refused: not authorized\. Look at the credentials/,
    ],
    ['CredentialsProviderError', 'Could not load credentials', /Set AWS_REGION and credentials/],
  ])('%s is explained', async (name, message, expected) => {
    const error = Object.assign(new Error(message), { name });
    await expect(clients(() => error).history(ID)).rejects.toThrow(expected);
  });
});
