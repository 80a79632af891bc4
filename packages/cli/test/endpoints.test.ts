import type { EndpointSpec, EndpointStore } from '@freshpoint/cdk/contract';
import { StateConflict } from '@freshpoint/engine/errors';
import type { HistoryRecord, ListedRecord } from '@freshpoint/engine/policy/history';
import type { EndpointState } from '@freshpoint/engine/policy/state';
import { beforeEach, describe, expect, test } from 'vitest';
import { CommandFailure } from '../src/command-failure.ts';
import type { EndpointAccount } from '../src/endpoints/account.ts';
import { type HistoryArguments, runHistory } from '../src/endpoints/history.ts';
import { type RollbackArguments, runRollback } from '../src/endpoints/rollback.ts';
import { ID, R1, R2, R3, record } from './records.ts';

const data = { bucket: 'copies', root: 'r/', files: [{ bucket: 'models', key: 'model.tar.gz' }] };

/** An account with one endpoint that serves R2. Each pause applies the next of the `steps` to the state. */
class FakeAccount implements EndpointAccount {
  spec: Partial<EndpointSpec> = { data, queueUrl: 'https://queue', store: { bucket: 'data', prefix: `${ID}/` } };
  state: EndpointState = {
    version: 1,
    serving: { configName: 'a', revision: R2, newestSource: 1, since: 1 },
    stored: [R2, R3, R1],
  };
  records: ListedRecord[] = [
    record(R3, { outcome: 'refused', message: 'is empty' }),
    record(R2),
    record(R1, { outcome: 'deployed', trigger: 'deployment' }),
  ];
  version = 1;
  conflicts = 0;
  requests: string[] = [];
  steps: ((state: EndpointState) => EndpointState)[] = [];

  list = async () => [ID];
  resolve = async (name: string) => name;
  read = async () => ({ spec: this.spec as EndpointSpec, state: this.state, etag: `v${this.version}` });
  history = async () => this.records;
  appended: HistoryRecord[] = [];
  appendHistory = async (_: EndpointStore, each: HistoryRecord) => {
    this.appended.push(each);
    return undefined;
  };
  enqueueReconcile = async (_: string, url: string) => void this.requests.push(url);
  write = async (_: EndpointStore, state: EndpointState, after: string | undefined) => {
    if (this.conflicts-- > 0) throw new StateConflict('state');
    expect(after).toBe(`v${this.version}`);
    this.state = state;
    this.version += 1;
    return `v${this.version}`;
  };
  pause = async () => {
    const step = this.steps.shift();
    if (!step) throw new Error('waits without end');
    this.state = step(this.state);
  };
}

let account: FakeAccount;
let lines: string[];
const rollBack = (change: Partial<RollbackArguments> = {}) =>
  runRollback(
    { command: 'rollback', endpoint: ID, wait: true, format: 'text', ...change },
    { account, write: (line) => lines.push(line), now: () => 1000, pause: account.pause, user: 'ada' },
  );
const serve = (revision: string) => (state: EndpointState) => ({
  ...state,
  rollout: undefined,
  serving: { configName: 'b', newestSource: 1, since: 2, revision },
});

beforeEach(() => {
  account = new FakeAccount();
  lines = [];
});

describe('freshpoint rollback', () => {
  test('pins the previous revision, enqueues a reconcile request and waits until the revision serves', async () => {
    account.steps = [
      (state) => ({ ...state, rollout: { phase: 'staging', revision: R1 } as never }),
      (state) => ({ ...state, rollout: { phase: 'updating', revision: R1 } as never }),
      serve(R1),
    ];
    await rollBack({ reason: 'accuracy fell' });
    expect(account.state.pin).toEqual({ revision: R1, by: 'ada', at: 1000, reason: 'accuracy fell' });
    expect(account.requests).toEqual(['https://queue']);
    expect(account.appended).toEqual([
      {
        version: 1,
        outcome: 'rollback',
        at: '1970-01-01T00:00:01.000Z',
        by: 'ada',
        reason: 'accuracy fell',
        revision: R1,
      },
    ]);
    expect(lines).toEqual([
      'Iris/Endpoint is pinned to 111111111111',
      'waiting for the controller',
      'staging it in the inactive slot',
      'updating the endpoint to the slot that has it',
      'Iris/Endpoint serves 111111111111',
    ]);
  });

  test('ends when its revision is the slot data that serves, where other data stays in place', async () => {
    const serving = { configName: 'b', newestSource: 1, since: 2, slotRevision: R1 };
    account.steps = [(state) => ({ ...state, serving })];
    await rollBack();
    expect(lines.at(-1)).toBe('Iris/Endpoint serves 111111111111');
    lines = [];
    await runHistory({ command: 'history', endpoint: ID, format: 'text' }, account, (line) => lines.push(line));
    expect(lines.filter((line) => line.startsWith('*  '))).toEqual([expect.stringContaining('111111111111')]);
  });

  test('accepts a revision that was refused or rolled back with --to', async () => {
    await rollBack({ to: '3333', wait: false });
    expect(account.state.pin).toMatchObject({ revision: R3 });
  });

  test('skips a quarantined revision', async () => {
    account.state = { ...account.state, quarantine: [{ revision: R1, at: 1 }] };
    await expect(rollBack()).rejects.toThrow('There is no earlier revision of Iris/Endpoint to return to');
  });

  test.each<[string, ListedRecord[]]>([
    ['after uploads only', [record(R3), record(R2), record(R1)]],
    ['after a rollback', [record(R2, { trigger: 'pin' }), record(R3), record(R2), record(R1)]],
    [
      'after a rollback and a deployment',
      [record(R2, { outcome: 'deployed', trigger: 'deployment' }), record(R3), record(R2), record(R1)],
    ],
    ['after a failed smoke test', [record(R2, { trigger: 'smoke-test' }), record(R3), record(R2), record(R1)]],
    ['after an upload of earlier bytes', [record(R2), record(R1), record(R3), record(R2)]],
  ])('selects the revision uploaded before the serving one, never one that was rolled back: %s', async (_, records) => {
    account.records = records;
    await rollBack({ wait: false });
    expect(account.state.pin).toMatchObject({ revision: R1 });
  });

  test('writes the pin again after a concurrent write, and fails after five', async () => {
    account.conflicts = 3;
    await rollBack({ wait: false });
    expect(account.state.pin).toMatchObject({ revision: R1 });
    account.conflicts = 5;
    await expect(rollBack({ wait: false })).rejects.toThrow(
      'other writes changed the state of Iris/Endpoint 5 times in a row',
    );
  });

  test('fails with the message when the revision is refused', async () => {
    account.steps = [
      (state) => ({ ...state, quarantine: [{ revision: R1, at: 2000, message: 'is no longer retained' }] }),
    ];
    await expect(rollBack()).rejects.toThrow('The rollback to 111111111111 was refused: is no longer retained');
  });

  test('keeps waiting when an attempt fails, and says why', async () => {
    const retries = { revision: R1, attempts: 1, at: 2000, nextAt: 3000, stage: 'update', fault: 'capacity' } as const;
    account.steps = [(state) => ({ ...state, retries: { ...retries, message: 'no instances' } }), serve(R1)];
    await rollBack();
    expect(lines.slice(1)).toEqual([
      'waiting for the controller',
      'an attempt failed; the controller tries again after a pause: no instances',
      'Iris/Endpoint serves 111111111111',
    ]);
  });

  test('fails when something newer ends the pin', async () => {
    account.steps = [(state) => ({ ...state, pin: undefined })];
    await expect(rollBack()).rejects.toThrow('was superseded by a newer upload or another request');
  });

  test('pins a revision while the controller rebuilds a lost state, which stays lost until then', async () => {
    account.state = { version: 1, lostAt: 500 };
    account.steps = [(state) => ({ ...state, lostAt: undefined }), serve(R1)];
    await rollBack({ to: '1111' });
    expect(account.state).toMatchObject({ pin: { revision: R1 } });
    expect(lines.at(-1)).toBe('Iris/Endpoint serves 111111111111');
  });

  test('takes the revision out of quarantine whatever the clocks say, and ends at a new entry', async () => {
    account.state = { ...account.state, quarantine: [{ revision: R3, at: 5000, message: 'first' }] };
    account.steps = [
      (state) => state,
      (state) => ({ ...state, quarantine: [{ revision: R3, at: 9000, message: 'again \x1b[2J' }] }),
    ];
    await expect(rollBack({ to: '3333' })).rejects.toThrow(/was refused: again $/);
    expect(account.state.pin).toMatchObject({ revision: R3, at: 1000 });
  });

  test('reports a refusal by a controller whose clock is behind', async () => {
    account.steps = [(state) => ({ ...state, quarantine: [{ revision: R1, at: 500, message: 'no ping' }] })];
    await expect(rollBack()).rejects.toThrow('was refused: no ping');
  });

  test('says that the pin is stored when the reconcile request could not be sent', async () => {
    account.enqueueReconcile = () => Promise.reject(new CommandFailure('sqs:SendMessage was denied.'));
    await expect(rollBack()).rejects.toThrow('sqs:SendMessage was denied. The pin is stored');
    expect(account.state.pin).toMatchObject({ revision: R1 });
  });

  test('prints who suspended swaps', async () => {
    account.state = { ...account.state, suspension: { by: 'bob', at: 1, reason: 'audit' } };
    await rollBack({ wait: false });
    expect(lines[1]).toBe('swaps are suspended by bob (audit): the rollback waits until they are resumed');
  });

  test('prints one JSON object per event with --json', async () => {
    account.state = { ...account.state, suspension: { by: 'bob', at: 1 } };
    account.steps = [(state) => ({ ...state, quarantine: [{ revision: R1, at: 2000, message: 'no ping' }] })];
    await expect(rollBack({ format: 'json' })).rejects.toThrow('no ping');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { event: 'pinned', revision: R1 },
      { event: 'suspended', revision: R1, by: 'bob' },
      { event: 'waiting', revision: R1 },
      { event: 'refused', revision: R1, message: 'no ping' },
    ]);
  });

  test.each<[string, FakeAccount['steps'], string[]]>([
    [
      'a rollback that succeeds',
      [
        (state) => ({ ...state, rollout: { phase: 'staging', revision: R1 } as never }),
        (state) => ({ ...state, rollout: { phase: 'updating', revision: R1 } as never }),
        serve(R1),
      ],
      ['pinned', 'waiting', 'staging', 'updating', 'serving'],
    ],
    [
      'a rollback that something newer ends',
      [(state) => ({ ...state, pin: undefined })],
      ['pinned', 'waiting', 'superseded'],
    ],
  ])('prints the events of %s with --json', async (_, steps, expected) => {
    account.steps = steps;
    await rollBack({ format: 'json' }).catch((error: unknown) => expect(error).toBeInstanceOf(CommandFailure));
    expect(lines.map((line) => JSON.parse(line).event)).toEqual(expected);
  });

  test.each<[string, () => void, Partial<RollbackArguments>, string]>([
    ['model data in place', () => Object.assign(account, { spec: {} }), {}, 'is in place'],
    [
      'a state that is being rebuilt',
      () => Object.assign(account, { state: { version: 1, lostAt: 1 } }),
      {},
      'is being rebuilt',
    ],
    ['a spec without a queue URL', () => Object.assign(account, { spec: { data } }), {}, 'has no queue URL'],
    ['a history without an earlier revision', () => account.records.splice(2), {}, 'no earlier revision'],
    ['the revision that serves', () => undefined, { to: '2222' }, 'already serves 222222222222'],
    [
      'a revision that the data bucket does not have any more',
      () => Object.assign(account, { state: { ...account.state, stored: [R2, R3] } }),
      { to: '1111' },
      'Revision 111111111111 is not in the data bucket of Iris/Endpoint any more. Revisions that are: 222222222222, 333333333333. Upload it again',
    ],
    ['an unknown revision', () => undefined, { to: 'abcd' }, 'one of: 333333333333, 222222222222, 111111111111'],
    [
      'ambiguous digits',
      () => account.records.push(record(`1111${'0'.repeat(60)}`)),
      { to: '1111' },
      'which matches several revisions',
    ],
  ])('refuses %s', async (_, make, options, message) => {
    make();
    await expect(rollBack(options)).rejects.toThrow(message);
    expect(account.state.pin).toBeUndefined();
  });
});

describe('freshpoint history', () => {
  const history = (change: Partial<HistoryArguments> = {}, columns?: number) =>
    runHistory({ command: 'history', format: 'text', ...change }, account, (line) => lines.push(line), columns);

  test('lists the endpoints when no endpoint is given', async () => {
    await history();
    expect(lines).toEqual([ID]);
  });

  test('says that there is no endpoint', async () => {
    account.list = async () => [];
    await history();
    expect(lines).toEqual(['There is no endpoint in this account and region.']);
  });

  test("wraps messages to the terminal's width and removes control characters", async () => {
    account.records = [
      record(R3, { outcome: 'refused', message: 'The primary \x1b[31mcontainer\x1b[0m did not\npass the ping' }),
    ];
    await history({ endpoint: ID }, 30);
    expect(lines.slice(2)).toEqual([
      '     The primary container did',
      '     not pass the ping',
      '* serving now; times are UTC',
    ]);
  });

  test('marks no refusal of the revision that serves', async () => {
    account.records = [record(R2), record(R2, { outcome: 'refused' })];
    await history({ endpoint: ID });
    expect(lines.filter((line) => line.startsWith('*  '))).toHaveLength(1);
    lines = [];
    await history({ endpoint: ID, format: 'json' });
    expect(lines.map((line) => JSON.parse(line).serving)).toEqual([true, false]);
  });

  test('prints a table, newest first, with messages and the serving revision', async () => {
    await history({ endpoint: ID });
    expect(lines).toEqual([
      '   when                 took   revision      slot  by          outcome',
      '   2026-11-01 12:00:00  240 s  333333333333  A     upload      refused',
      '     is empty',
      '*  2026-11-01 12:00:00  240 s  222222222222  A     upload      succeeded',
      '   2026-11-01 12:00:00  240 s  111111111111  A     deployment  deployed',
      '* serving now; times are UTC',
    ]);
  });

  test('prints who did what and why, and what stalled', async () => {
    const at = '2026-11-01T12:00:00.000Z';
    const by = { version: 1, at, by: 'ada', writtenAt: 1 } as const;
    const pin = { revision: R1, by: 'ada', at: 1, reason: 'accuracy fell' };
    account.records = [
      { ...by, outcome: 'suspend', reason: 'audit' },
      record(R3, { outcome: 'passedOver', message: 'was uploaded again' }),
      record(R1, { trigger: 'pin', pin }),
      { ...by, outcome: 'rollback', revision: R1, reason: 'accuracy fell' },
      { version: 1, outcome: 'stalled', at, seconds: 1800, reason: 'Retrying', message: 'no capacity', writtenAt: 1 },
    ];
    await history({ endpoint: ID });
    expect(lines.slice(1, -1)).toEqual([
      '   2026-11-01 12:00:00                              ada     suspend',
      '     audit',
      '   2026-11-01 12:00:00  240 s   333333333333  A     upload  passed over',
      '     was uploaded again',
      '   2026-11-01 12:00:00  240 s   111111111111  A     pin     succeeded',
      '     rolled back by ada: accuracy fell',
      '   2026-11-01 12:00:00          111111111111        ada     rollback',
      '     accuracy fell',
      '   2026-11-01 12:00:00  1800 s                              stalled',
      '     no capacity',
    ]);
  });

  test('prints the end of a stall above it: both have the time at which it began', async () => {
    const stall = { version: 1, at: '2026-11-01T12:00:00.000Z', reason: 'Retrying', message: '' } as const;
    account.records = [
      { ...stall, outcome: 'stalled', seconds: 1800, writtenAt: 1 },
      { ...stall, outcome: 'recovered', seconds: 9000, writtenAt: 2 },
    ];
    await history({ endpoint: ID, format: 'json' });
    expect(lines.map((line) => JSON.parse(line).outcome)).toEqual(['recovered', 'stalled']);
  });

  test('prints whole records with --json', async () => {
    await history({ endpoint: ID, format: 'json' });
    expect(lines.map((line) => JSON.parse(line)).map(({ revision, serving }) => [revision, serving])).toEqual([
      [R3, false],
      [R2, true],
      [R1, false],
    ]);
    expect(JSON.parse(lines[0] ?? '').sources).toEqual(record(R3).sources);
    expect(JSON.parse(lines[0] ?? '')).not.toHaveProperty('writtenAt');
  });

  test('says that the history is empty', async () => {
    account.records = [];
    await history({ endpoint: ID });
    expect(lines).toEqual(['The history of Iris/Endpoint is empty.']);
  });
});
