import type { ReconcileRequest } from '@freshpoint/cdk/contract';
import { describe, expect, test } from 'vitest';
import { reconcileBatch } from '../../src/controller/batch.ts';
import { EngineError } from '../../src/errors.ts';
import { decide } from '../../src/policy/decide.ts';
import { endpoint, NOON, observe, v2 } from '../policy/situations.ts';
import { message, World } from './fakes.ts';

const promise: ReconcileRequest = {
  version: 1,
  endpoint: 'Iris/Endpoint',
  gate: {
    responseUrl: 'https://response',
    stackId: 'stack',
    requestId: 'request',
    logicalResourceId: 'Prepare',
    physicalResourceId: 'Iris/Endpoint',
    sources: [],
    deadline: NOON,
  },
};

const receive = (world: World, receives = 1) =>
  reconcileBatch(world.ports, [message('1', receives, JSON.stringify(promise))]);

const busy = { ...endpoint, status: 'Updating' } as const;

describe('a rollback', () => {
  const rollingBack = () => {
    const world = new World();
    world.stack = { kind: 'deploying', status: 'UPDATE_ROLLBACK_IN_PROGRESS' };
    return world;
  };

  test('is not failed by an endpoint that stays busy', async () => {
    const world = rollingBack();
    world.endpoint = busy;
    expect(await receive(world)).toEqual([]);
    expect(world.answers).toEqual([{ Status: 'SUCCESS' }]);
  });

  test('is not failed by a state that cannot be understood', async () => {
    const world = rollingBack();
    world.fail.read = new EngineError('STATE_UNREADABLE', 'not JSON');
    expect(await receive(world)).toEqual([]);
    expect(world.answers).toEqual([{ Status: 'SUCCESS' }]);
  });

  test('that cannot be told from a deployment counts as one', async () => {
    const world = rollingBack();
    world.endpoint = busy;
    world.fail.stack = new Error('AccessDenied');
    expect(await receive(world)).toEqual([]);
    expect(world.answers).toMatchObject([{ Status: 'FAILED' }]);
  });
});

test('a deployment that waits gets a fresh message before SQS takes the old one away', async () => {
  const world = new World();
  world.endpoint = busy;
  world.now = NOON - 1;
  expect(await receive(world, 899)).toEqual(['1']);
  expect(world.sent).toEqual([]);
  expect(await receive(world, 900)).toEqual([]);
  expect(world.sent).toEqual([promise]);
});

test('a deployment that waits is looked at again when its time is over, however long the pause would be', async () => {
  const world = new World();
  world.fail.read = new Error('AccessDenied');
  world.now = NOON - 60_000;
  expect(await receive(world, 100)).toEqual(['1']);
  expect(world.back).toEqual([['handle-1', 60]]);
});

test('a renamed endpoint serves what was there when it was made, also on the config of the old one', () => {
  const deployment = {
    configName: endpoint.configName,
    endpointCreated: endpoint.created - 1,
    revision: 'v2',
    newestSource: v2.newest,
  };
  const { state } = decide(observe({ state: { version: 1, deployment }, sources: v2 }));
  expect(state).toMatchObject({ serving: { configName: endpoint.configName, revision: 'v2' } });
});
