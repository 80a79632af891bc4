import type { EndpointSpec } from '@freshpoint/cdk/contract';
import { StateConflict } from '@freshpoint/engine/errors';
import type { HistoryRecord } from '@freshpoint/engine/policy/history';
import type { EndpointState } from '@freshpoint/engine/policy/state';
import { describe, expect, test } from 'vitest';
import { readArguments } from '../src/arguments.ts';
import { CommandFailure, UsageError } from '../src/command-failure.ts';
import type { EndpointAccount } from '../src/endpoints/account.ts';
import { runRetry } from '../src/endpoints/retry.ts';
import { ID, R1, R2, R3 } from './records.ts';

const quarantine = [
  { revision: R3, at: 2, message: 'did not pass the ping health check' },
  { revision: R2, at: 1 },
];

/** An account with one endpoint whose state was written by others `conflicts` times. */
function accountWith(state: Partial<EndpointState>, conflicts = 0) {
  const seen = {
    state: { version: 1, ...state } as EndpointState,
    requests: [] as string[],
    records: [] as HistoryRecord[],
    conflicts,
  };
  const account: EndpointAccount = {
    list: async () => [ID],
    resolve: async (name) => name,
    read: async () => ({ spec: { queueUrl: 'https://queue' } as EndpointSpec, state: seen.state, etag: '7' }),
    history: async () => [],
    appendHistory: async (_, record) => {
      seen.records.push(record);
      return undefined;
    },
    write: async (_, next) => {
      if (seen.conflicts-- > 0) throw new StateConflict('state');
      seen.state = next;
      return '8';
    },
    enqueueReconcile: async (_, url) => void seen.requests.push(url),
  };
  return { account, seen };
}

const retry = async (account: EndpointAccount, revision?: string, format: 'text' | 'json' = 'text') => {
  const lines: string[] = [];
  const context = { account, write: (line: string) => lines.push(line), now: () => 1000, user: 'ada' };
  await runRetry({ command: 'retry', endpoint: ID, revision, format, reason: 'fixed' }, context);
  return lines;
};

describe('freshpoint retry', () => {
  test('takes the revision that was quarantined last out of quarantine, and requests a reconciliation', async () => {
    const { account, seen } = accountWith({ quarantine });
    expect(await retry(account)).toEqual([
      'Iris/Endpoint tries 333333333333 again as soon as it is the revision that should serve',
    ]);
    expect(seen.state.quarantine).toEqual([quarantine[1]]);
    expect(seen.requests).toEqual(['https://queue']);
    // Without it, a rebuild of a lost state would quarantine the revision again.
    expect(seen.records).toEqual([
      {
        ...{ version: 1, outcome: 'retry', at: '1970-01-01T00:00:01.000Z', by: 'ada', reason: 'fixed' },
        ...{ revision: R3, ends: 2 },
      },
    ]);
  });

  test('takes the revision that is named', async () => {
    const { account, seen } = accountWith({ quarantine });
    expect(await retry(account, '2222', 'json')).toEqual([
      JSON.stringify({ event: 'retrying', endpoint: ID, revision: R2 }),
    ]);
    expect(seen.state.quarantine).toEqual([quarantine[0]]);
  });

  test('ends the pause before the next attempt', async () => {
    const retries = {
      revision: R1,
      attempts: 9,
      at: 1,
      nextAt: 2,
      stage: 'call',
      fault: 'quota',
      message: '',
    } as const;
    const { account, seen } = accountWith({ retries });
    await retry(account);
    expect(seen.state).toEqual({ version: 1 });
  });

  test('takes the one that failed last: also one that waits, before one that was quarantined earlier', async () => {
    const retries = { revision: R1, attempts: 1, nextAt: 9, stage: 'update', fault: 'capacity', message: '' } as const;
    const later = accountWith({ quarantine, retries: { ...retries, at: 3 } });
    await retry(later.account);
    expect(later.seen.state).toEqual({ version: 1, quarantine });
    const earlier = accountWith({ quarantine, retries: { ...retries, at: 1 } });
    await retry(earlier.account);
    expect(earlier.seen.state.quarantine).toEqual([quarantine[1]]);
  });

  test('changes the state that is there after a concurrent write, and fails after five', async () => {
    const { account, seen } = accountWith({ quarantine }, 4);
    await retry(account);
    expect(seen.state.quarantine).toHaveLength(1);
    await expect(retry(accountWith({ quarantine }, 5).account)).rejects.toThrow('changed the state of Iris/Endpoint 5');
  });

  test('fails when nothing is in quarantine, or nothing that is named so', async () => {
    await expect(retry(accountWith({}).account)).rejects.toThrow(CommandFailure);
    await expect(retry(accountWith({ quarantine }).account, '1111')).rejects.toThrow(
      'The revision is "1111", expected the first digits of one of: 333333333333, 222222222222.',
    );
  });

  test('reads the endpoint and a revision from the command line', () => {
    expect(readArguments(['retry', ID, '3333', '--json'])).toEqual({
      command: 'retry',
      endpoint: ID,
      revision: '3333',
      format: 'json',
    });
    expect(readArguments(['retry', ID])).toMatchObject({ revision: undefined });
    for (const args of [['retry'], ['retry', ID, 'xyz1'], ['retry', ID, '33'], ['retry', ID, '3333', 'more']]) {
      expect(() => readArguments(args)).toThrow(UsageError);
    }
    expect(() => readArguments(['retry', ID, '--to', '3333'])).toThrow('freshpoint retry has no option --to.');
  });
});
