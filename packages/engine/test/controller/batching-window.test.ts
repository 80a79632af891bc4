import { beforeEach, describe, expect, test } from 'vitest';
import { reconcileBatch } from '../../src/controller/batch.ts';
import { NOON, quiet, settling, v2 } from '../policy/situations.ts';
import { message, World } from './fakes.ts';

let world: World;
beforeEach(() => {
  world = new World();
  // Ten seconds are left of waitTime, and the batching window has twelve.
  world.state = { ...quiet, rollout: settling('v2', 50_000) };
});

const slept = () => world.calls.filter((call) => call.startsWith('sleep'));

describe('a pass that comes early because another request has opened the batching window', () => {
  test('waits until the revision has settled, and swaps', async () => {
    expect(await reconcileBatch(world.ports, [message('1', 2)])).toEqual(['1']);
    expect(slept()).toEqual(['sleep 10 s']);
    expect(world.calls).toContain('update config-b');
  });

  test('observes everything again after the wait', async () => {
    world.whileAsleep = () => {
      world.sources = { ...v2, revision: 'v3', newest: world.now };
    };
    await reconcileBatch(world.ports, [message('1', 2)]);
    expect(world.calls).not.toContain('update config-b');
    expect(world.state.rollout).toMatchObject({ revision: 'v3', phase: 'settling', seen: world.now });
    expect(world.requeued).toEqual([['handle-1', 60]]);
  });

  test('does what a person has asked for during the wait', async () => {
    world.whileAsleep = () => {
      world.state = { ...world.state, suspension: { by: 'ada', at: world.now } };
      world.version += 1;
    };
    await reconcileBatch(world.ports, [message('1', 2)]);
    expect(world.calls).not.toContain('update config-b');
    expect(world.decisions.at(-1)).toMatchObject({ reason: 'Suspended' });
  });

  test('does not wait for longer than the window: the request goes back to the queue', async () => {
    world.state = { ...quiet, rollout: settling('v2', 47_000) };
    await reconcileBatch(world.ports, [message('1', 2)]);
    expect(slept()).toEqual([]);
    expect(world.requeued).toEqual([['handle-1', 13]]);
  });
});

describe('the batching window', () => {
  beforeEach(() => {
    world.state = quiet;
    world.sources = { ...v2, newest: NOON - 3_600_000 };
  });

  test('is part of waitTime: it counts from the newest request that is received for the first time', async () => {
    const batch = [
      { ...message('1'), sentAt: NOON - 11_000 },
      { ...message('2'), sentAt: NOON - 4_000 },
    ];
    await reconcileBatch(world.ports, batch);
    expect(world.requeued.at(-1)?.[1]).toBe(56);
  });

  test('is none of it for a request that comes back: what it finds may be newer', async () => {
    await reconcileBatch(world.ports, [{ ...message('1', 2), sentAt: NOON - 11_000 }]);
    expect(world.requeued.at(-1)?.[1]).toBe(60);
  });
});
