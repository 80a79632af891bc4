import type { EndpointSpec } from '@freshpoint/cdk/contract';
import type { HistoryRecord } from '@freshpoint/engine/policy/history';
import type { EndpointState } from '@freshpoint/engine/policy/state';
import { beforeEach, describe, expect, test } from 'vitest';
import type { EndpointAccount } from '../src/endpoints/account.ts';
import { runRefresh } from '../src/endpoints/refresh.ts';
import { runRetry } from '../src/endpoints/retry.ts';
import { runSuspension } from '../src/endpoints/suspension.ts';
import { ID, R1 } from './records.ts';

let state: EndpointState;
let records: HistoryRecord[];
let lines: string[];
let requests: number;
beforeEach(() => {
  state = { version: 1, serving: { configName: 'a', revision: R1, newestSource: 1, since: 1 } };
  [records, lines, requests] = [[], [], 0];
});

const account = {
  read: async () => ({ spec: { queueUrl: 'https://queue' } as EndpointSpec, state, etag: '1' }),
  write: async (_: unknown, next: EndpointState) => {
    state = next;
    return '2';
  },
  appendHistory: async (_: unknown, record: HistoryRecord) => void records.push(record),
  enqueueReconcile: async () => {
    requests += 1;
  },
} as unknown as EndpointAccount;
const context = { account, write: (line: string) => lines.push(line), now: () => 1000, user: 'ada' };
const run = (command: 'suspend' | 'resume', reason?: string) =>
  runSuspension({ command, endpoint: ID, reason, format: 'json' }, context);
const bobs = { by: 'bob', at: 5, reason: 'audit' };

describe('freshpoint suspend and resume', () => {
  test('write the state and the history, and request a reconciliation', async () => {
    await run('suspend', 'audit');
    expect(state.suspension).toEqual({ by: 'ada', at: 1000, reason: 'audit' });
    await run('resume');
    expect(state.suspension).toBeUndefined();
    expect(records).toMatchObject([
      { outcome: 'suspend', by: 'ada', reason: 'audit' },
      { outcome: 'resume', by: 'ada', ends: 1000 },
    ]);
    expect(lines.map((line) => JSON.parse(line).event)).toEqual(['suspended', 'resumed']);
    expect(requests).toBe(2);
  });

  test('leave a suspension of another person, and swaps that are not suspended, as they are', async () => {
    await run('resume');
    state = { ...state, suspension: bobs };
    await run('suspend');
    expect(state.suspension).toEqual(bobs);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { event: 'not-suspended' },
      { event: 'already-suspended', suspension: bobs },
    ]);
    expect([records, requests]).toEqual([[], 0]);
  });

  test('resume swaps also while a lost state is being rebuilt, which may have had a suspension', async () => {
    state = { version: 1, lostAt: 1 };
    await run('resume');
    expect(records).toMatchObject([{ outcome: 'resume' }]);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ event: 'resumed' });
  });
});

test('refresh --force of a newest upload in quarantine changes nothing, and says what to do', async () => {
  const quarantine = [{ revision: R1, at: 1, message: 'did not pass the ping health check.' }];
  state = { ...state, observed: { revision: R1, newest: 1 }, quarantine, pin: { by: 'bob', at: 5, revision: 'r0' } };
  const before = state;
  const forced = runRefresh({ command: 'refresh', endpoint: ID, force: true, format: 'text' }, context);
  await expect(forced).rejects.toThrow(
    'The newest upload of Iris/Endpoint, 111111111111, is in quarantine, so nothing was changed. ' +
      'If the cause is mended, run `freshpoint retry Iris/Endpoint 111111111111` first. ' +
      'It was refused: did not pass the ping health check.',
  );
  expect([state, records, requests]).toEqual([before, [], 0]);
});

test('retry and refresh --force wait until a lost state is rebuilt', async () => {
  state = { version: 1, lostAt: 1 };
  const endpoint = { endpoint: ID, format: 'text' } as const;
  const lost = 'The state of Iris/Endpoint was deleted and is being rebuilt. Try again in a few minutes.';
  await expect(runRetry({ command: 'retry', ...endpoint }, context)).rejects.toThrow(lost);
  await expect(runRefresh({ command: 'refresh', force: true, ...endpoint }, context)).rejects.toThrow(lost);
});
