import { historyPrefix, stateKey } from '@freshpoint/cdk/contract';
import { s3InMemory } from '@freshpoint/test-support/s3-in-memory';
import { beforeEach, describe, expect, test } from 'vitest';
import { s3History } from '../../src/adapters/s3-history.ts';
import { s3States } from '../../src/adapters/s3-states.ts';
import { EngineError, StateConflict } from '../../src/errors.ts';
import { historyRecord, historyRecordName, stallRecord } from '../../src/policy/history.ts';
import { suspendSwaps } from '../../src/policy/person-actions.ts';
import type { EndpointState, Pin } from '../../src/policy/state.ts';
import type { EndpointStates } from '../../src/ports.ts';
import { MINUTE, NOON, onA, settling } from '../policy/situations.ts';

const store = { bucket: 'data', prefix: 'Iris/Endpoint/' };
const state: EndpointState = { version: 1, serving: onA };
const suspension = { by: 'ada', at: 1 };

let s3: ReturnType<typeof s3InMemory>;
let states: EndpointStates;

beforeEach(async () => {
  s3 = s3InMemory();
  await s3.call('CreateBucket', { Bucket: store.bucket });
  let id = 0;
  states = s3States(s3.client, () => String(id++));
});

describe('s3States', () => {
  test('reads what it has written, and nothing where there is nothing', async () => {
    expect(await states.read(store)).toBeUndefined();
    const etag = await states.write(store, state, undefined);
    expect(await states.read(store)).toEqual({ state: { ...state, writeId: '0' }, etag });
  });

  test('writes only over the version that was read', async () => {
    const first = await states.write(store, state, undefined);
    await states.write(store, { ...state, suspension }, first);
    await expect(states.write(store, state, first)).rejects.toThrow(StateConflict);
    await expect(states.write(store, state, undefined)).rejects.toThrow(StateConflict);
    expect((await states.read(store))?.state.suspension).toEqual(suspension);
  });

  test('does not take the same bytes written again for the version that was read', async () => {
    const first = await states.write(store, state, undefined);
    const second = await states.write(store, state, first);
    expect(second).not.toBe(first);
    await expect(states.write(store, { ...state, suspension }, first)).rejects.toThrow(StateConflict);
  });

  test('does not create the state anew that was deleted after it was read', async () => {
    const etag = await states.write(store, state, undefined);
    await s3.call('DeleteObject', { Bucket: store.bucket, Key: stateKey(store) });
    await expect(states.write(store, state, etag)).rejects.toThrow(StateConflict);
    expect(await states.read(store)).toBeUndefined();
  });

  test('takes a write that collides with another one for a conflict', async () => {
    s3.hooks.before = () => {
      throw Object.assign(new Error('conflict'), { name: 'ConditionalRequestConflict' });
    };
    await expect(states.write(store, state, undefined)).rejects.toThrow(StateConflict);
  });

  test('of many writers at once, each change stays', async () => {
    await states.write(store, { version: 1, quarantine: [] }, undefined);
    const add = async (revision: string): Promise<void> => {
      const known = await states.read(store);
      const quarantine = [...(known?.state.quarantine ?? []), { revision, at: 1 }];
      await states.write(store, { version: 1, quarantine }, known?.etag).catch((error: unknown) => {
        if (!(error instanceof StateConflict)) throw error;
        return add(revision);
      });
    };
    const revisions = Array.from({ length: 20 }, (_, n) => `r${n}`);
    await Promise.all(revisions.map(add));
    const written = (await states.read(store))?.state.quarantine?.map(({ revision }) => revision);
    expect(written?.sort()).toEqual(revisions.sort());
  });

  test('a state that cannot be parsed is an error that names the object', async () => {
    await s3.put(store.bucket, stateKey(store), '{');
    const read = states.read(store);
    await expect(read).rejects.toThrow(EngineError);
    await expect(read).rejects.toThrow('s3://data/Iris/Endpoint/state.json');
  });
});

describe('s3History', () => {
  const subject = { type: 'succeeded', slot: 'a', configName: 'config-a', trigger: 'upload' } as const;
  const record = (revision: string, startedAt: number, now = startedAt + 1000) =>
    historyRecord({ ...subject, revision, startedAt }, { sources: [], state, now });

  test('lists the newest hundred records, newest first', async () => {
    const history = s3History(s3.client);
    for (let n = 0; n < 120; n++) await history.append(store, record(`r${n}`, NOON + n));
    const revisions = (await history.list(store, 100)).map(({ revision }) => revision);
    expect(revisions).toEqual(Array.from({ length: 100 }, (_, n) => `r${119 - n}`));
  });

  test('has a record once that is published twice, as it was first', async () => {
    const history = s3History(s3.client);
    await history.append(store, record('r', NOON, NOON + 1000));
    await history.append(store, record('r', NOON, NOON + 9000));
    expect(await history.list(store, 100)).toMatchObject([{ revision: 'r', seconds: 1 }]);
  });

  test('skips objects that are no records', async () => {
    const history = s3History(s3.client);
    await history.append(store, record('r', NOON));
    await s3.put(store.bucket, `${historyPrefix(store)}notes.txt`, 'not JSON');
    expect(await history.list(store, 100)).toMatchObject([{ revision: 'r' }]);
  });

  test('has what persons did and what stalled beside the refreshes', async () => {
    const history = s3History(s3.client);
    const stall = { type: 'stalled', reason: 'Retrying', message: 'no capacity', since: NOON - 1 } as const;
    await history.append(store, record('r', NOON));
    await history.append(store, stallRecord(stall, NOON + 30 * MINUTE));
    await history.append(store, suspendSwaps(state, { by: 'ada', at: NOON + 1 }).record);
    expect(await history.list(store, 100)).toMatchObject([
      { outcome: 'suspend', by: 'ada', writtenAt: expect.any(Number) },
      { outcome: 'succeeded', revision: 'r' },
      { outcome: 'stalled', seconds: 1800 },
    ]);
  });

  test('names a record by time, revision and outcome', () => {
    const name = historyRecordName(record('f'.repeat(64), NOON));
    expect(name).toBe('20260101T120000000Z-ffffffffffff-succeeded.json');
  });
});

/**
 * Two controllers and a person, each reading the state and writing one change of its own over it, in every order of
 * their calls. A conflict means: read again.
 */
describe('two controllers and a person', () => {
  const changes: readonly ((before: EndpointState) => EndpointState)[] = [
    (before) => ({ ...before, rollout: settling('v2', 1) }),
    (before) => ({ ...before, quarantine: [{ revision: 'v3', at: 1 }] }),
    (before) => ({ ...before, pin: { revision: 'v1', by: 'ada', at: 1 } satisfies Pin }),
  ];

  /** All orders of `steps` of each of three actors. */
  function* orders(steps: readonly number[]): Generator<number[]> {
    if (steps.every((left) => left === 0)) yield [];
    for (const [actor, left] of steps.entries()) {
      if (left === 0) continue;
      const rest = steps.map((each, index) => (index === actor ? each - 1 : each));
      for (const order of orders(rest)) yield [actor, ...order];
    }
  }

  test.each([true, false])('lose no change in any order of their calls, over a state: %s', async (isThere) => {
    for (const order of orders([2, 2, 2])) {
      const prefix = `${order.join('')}/`;
      const place = { ...store, prefix };
      if (isThere) await states.write(place, state, undefined);
      const known = new Map<number, Awaited<ReturnType<EndpointStates['read']>>>();
      const reads = async (actor: number) => void known.set(actor, await states.read(place));
      const writes = async (actor: number) => {
        const change = changes[actor];
        if (!change) throw new Error('no such actor');
        for (;;) {
          const { state: before, etag } = known.get(actor) ?? { state, etag: undefined };
          const outcome = await states.write(place, change(before), etag).catch((error: unknown) => {
            if (!(error instanceof StateConflict)) throw error;
          });
          if (outcome !== undefined) return;
          await reads(actor);
        }
      };
      const done = new Set<number>();
      for (const actor of order) {
        await (done.has(actor) ? writes(actor) : reads(actor));
        done.add(actor);
      }
      const written = (await states.read(place))?.state;
      const found = [written?.rollout?.revision, written?.quarantine?.[0]?.revision, written?.pin?.revision];
      expect(found, `order ${order}`).toEqual(['v2', 'v3', 'v1']);
    }
  });
});
