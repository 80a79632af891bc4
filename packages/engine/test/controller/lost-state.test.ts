import { beforeEach, describe, expect, test } from 'vitest';
import { reconcileBatch } from '../../src/controller/batch.ts';
import { startBudget } from '../../src/controller/budget.ts';
import { readState } from '../../src/controller/lost-state.ts';
import { LEASE_TTL_MS } from '../../src/policy/lease.ts';
import { lostState } from '../../src/policy/state.ts';
import { endpoint, MINUTE, NOON, onA, settling, spec, v2 } from '../policy/situations.ts';
import { denied, message, slowDown, World } from './fakes.ts';

let world: World;
const receive = () => reconcileBatch(world.ports, [message('1')]);

beforeEach(() => {
  world = new World();
  world.hasState = false;
  world.spec = { ...spec, data: { bucket: 'data', root: 'r/', files: [{ bucket: 'models', key: 'model.tar.gz' }] } };
  world.slots = { a: 'v1' };
  world.history = [
    {
      version: 1,
      outcome: 'refused',
      revision: 'v2',
      slot: 'b',
      trigger: 'upload',
      at: '2026-01-01T11:55:00.000Z',
      seconds: 60,
      sources: [],
      message: 'bad',
      serving: onA,
      quarantined: { revision: 'v2', at: NOON - MINUTE, message: 'bad' },
    },
  ];
});

describe('a spec from before the one that an earlier pass had', () => {
  const updating = {
    ...settling('v2', MINUTE),
    phase: 'updating',
    slot: 'b',
    configName: 'config-b',
    accepted: true,
  } as const;
  const update = { ...updating, newestSource: NOON, endpointModified: 0, at: NOON };

  test('does not judge the update in progress, whose config is of no slot there', async () => {
    world.hasState = true;
    world.state = { version: 1, serving: onA, rollout: update, specModified: NOON };
    world.endpoint = { ...endpoint, status: 'Updating' };
    world.spec = { ...spec, configs: { a: 'config-c', b: 'config-d' } };
    world.specModified = NOON - MINUTE;
    expect(await receive()).toEqual(['1']);
    expect(world.state.rollout).toEqual(update);
    expect(world.decisions.at(-1)).toMatchObject({ reason: 'StackBusy', seconds: 5 });
    expect(world.requeued).toEqual([['handle-1', 5]]);
    // Nobody waits for ever for a clock of SSM that was ahead.
    world.now += LEASE_TTL_MS;
    await receive();
    expect(world.state.specModified).toBe(NOON - MINUTE);
  });

  test('is known by what each pass records', async () => {
    world.hasState = true;
    world.state = { version: 1, serving: onA, specModified: 1000 };
    world.specModified = 2000;
    await receive();
    expect(world.state).toMatchObject({ rollout: { phase: 'settling' }, specModified: 2000 });
  });
});

describe('a state that was deleted by hand', () => {
  test('is rebuilt once no pass that knew it can be running, and no swap follows', async () => {
    expect(await receive()).toEqual(['1']);
    const moved = { configName: 'config-a', endpointModified: endpoint.lastModified };
    expect(world.state).toEqual({ version: 1, lostAt: NOON, moved, observed: { revision: 'v2', newest: v2.newest } });
    expect(world.requeued).toEqual([['handle-1', LEASE_TTL_MS / 1000]]);
    world.now += LEASE_TTL_MS;
    expect(await receive()).toEqual([]);
    expect(world.state).toMatchObject({ serving: onA, quarantine: [{ revision: 'v2' }] });
    expect(world.state.lostAt).toBeUndefined();
    expect(world.decisions.at(-1)).toMatchObject({ decision: 'done', reason: 'Quarantined' });
    expect(world.calls.filter((call) => call.startsWith('update'))).toEqual([]);
  });

  test('is not rebuilt from an answer of DescribeEndpoint that is older than one since the loss', async () => {
    world.endpoint = { ...endpoint, status: 'Updating', lastModified: NOON };
    await receive();
    world.now += LEASE_TTL_MS;
    world.endpoint = endpoint;
    expect(await receive()).toEqual(['1']);
    expect(world.state.lostAt).toBe(NOON);
    world.endpoint = { ...endpoint, configName: 'config-b', lastModified: NOON + MINUTE };
    world.slots = { a: 'v1', b: 'v2' };
    await receive();
    expect(world.state).toMatchObject({ serving: { configName: 'config-b', revision: 'v2' } });
  });

  test('keeps a suspension that a person writes meanwhile', async () => {
    await receive();
    const suspension = { by: 'ada', at: NOON };
    world.state = { ...world.state, suspension };
    world.now += LEASE_TTL_MS;
    await receive();
    expect(world.state).toMatchObject({ serving: onA, suspension });
  });

  test.each([
    ['an hour ahead', 60 * MINUTE],
    ['an hour behind', -60 * MINUTE],
  ])(
    'is rebuilt two minutes after the controller finds it, also if a person with a clock %s wrote first',
    async (_, skew) => {
      const suspension = { by: 'ada', at: NOON + skew };
      world.state = { ...lostState(), suspension };
      world.hasState = true;
      await receive();
      expect(world.state).toMatchObject({ lostAt: NOON, suspension });
      world.now += LEASE_TTL_MS - 1;
      await receive();
      expect(world.state.lostAt).toBe(NOON);
      world.now += 1;
      await receive();
      expect(world.state).toMatchObject({ serving: onA, suspension });
    },
  );

  test.each([
    ['deploying', 'DELETE_IN_PROGRESS'],
    ['deploying', 'ROLLBACK_IN_PROGRESS'],
    ['gone', 'DELETE_COMPLETE'],
  ] as const)('is not written anew by a pass that outlives its stack: %s, %s', async (kind, status) => {
    world.stack = { kind, status };
    expect(await receive()).toEqual(['1']);
    expect(world.hasState).toBe(false);
  });

  test('is rebuilt for a deployment that has taken the permission to read the sources, but not while S3 throttles', async () => {
    world.state = { version: 1, lostAt: NOON - LEASE_TTL_MS };
    world.hasState = true;
    const budget = startBudget(() => NOON);
    const spec = { ...world.spec!, modified: 0 };
    const forDeployment = () =>
      readState({ ports: world.ports, endpoint: 'Iris/Endpoint', spec, budget }, 'deployment');
    world.fail.sources = slowDown;
    await expect(forDeployment()).rejects.toThrow('Please reduce your request rate.');
    world.fail.sources = denied;
    expect(await forDeployment()).toMatchObject({ kind: 'known', recorded: { state: { serving: onA } } });
  });

  test('is not rebuilt while the stack is being deployed', async () => {
    world.state = { version: 1, lostAt: NOON - LEASE_TTL_MS };
    world.hasState = true;
    world.stack = { kind: 'deploying', status: 'UPDATE_IN_PROGRESS' };
    expect(await receive()).toEqual(['1']);
    expect(world.state.lostAt).toBeDefined();
  });

  test('stays lost when the endpoint is gone', async () => {
    world.state = { version: 1, lostAt: NOON - LEASE_TTL_MS };
    world.hasState = true;
    world.endpoint = 'gone';
    expect(await receive()).toEqual([]);
    expect(world.decisions.at(-1)).toMatchObject({ reason: 'EndpointGone' });
    expect(endpoint.status).toBe('InService');
  });
});
