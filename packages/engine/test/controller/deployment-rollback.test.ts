import type { ReconcileRequest } from '@freshpoint/cdk/contract';
import { describe, expect, test } from 'vitest';
import { reconcileBatch } from '../../src/controller/batch.ts';
import { EngineError } from '../../src/errors.ts';
import { decide } from '../../src/policy/decide.ts';
import { endpoint, NOON, observe, v2 } from '../policy/situations.ts';
import { denied, message, slowDown, World } from './fakes.ts';

const request: ReconcileRequest = {
  version: 1,
  endpoint: 'Iris/Endpoint',
  gate: {
    type: 'Update',
    responseUrl: 'https://response',
    stackId: 'stack',
    requestId: 'request',
    logicalResourceId: 'DeploymentGate',
    physicalResourceId: 'Iris/Endpoint',
    store: { bucket: 'data', prefix: 'Iris/Endpoint/' },
    sources: [],
    deadline: NOON,
  },
};

const receive = (world: World, receives = 1, received = request) =>
  reconcileBatch(world.ports, [message('1', receives, JSON.stringify(received))]);

const busy = { ...endpoint, status: 'Updating' } as const;

describe('a rollback', () => {
  const rollingBack = () => {
    const world = new World();
    world.stack = { kind: 'deploying', status: 'UPDATE_ROLLBACK_IN_PROGRESS' };
    return world;
  };

  test('does not fail when the endpoint stays busy', async () => {
    const world = rollingBack();
    world.endpoint = busy;
    expect(await receive(world)).toEqual([]);
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
  });

  test('does not fail when the state cannot be parsed', async () => {
    const world = rollingBack();
    world.fail.read = new EngineError('STATE_UNREADABLE', 'not JSON');
    expect(await receive(world)).toEqual([]);
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
  });

  test('that cannot be distinguished from a deployment is handled as one', async () => {
    const world = rollingBack();
    world.endpoint = busy;
    world.fail.stack = denied;
    expect(await receive(world)).toEqual([]);
    expect(world.responses).toMatchObject([{ Status: 'FAILED' }]);
  });

  test('is not failed because CloudFormation throttles at the last moment', async () => {
    const world = rollingBack();
    world.now = NOON + 6 * 60_000;
    world.fail.stack = slowDown;
    world.whileAsleep = () => {
      world.fail = {};
    };
    expect(await receive(world)).toEqual([]);
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
  });

  test('is decided once CloudFormation describes the stack again', async () => {
    const world = rollingBack();
    world.now = NOON - 1;
    world.fail.stack = slowDown;
    const data = { bucket: 'data', root: 'slots/', files: [] };
    const perSlot = { ...request, gate: { ...request.gate!, data } };
    expect(await receive(world, 1, perSlot)).toEqual(['1']);
    expect(world.responses).toEqual([]);
    world.fail = {};
    expect(await receive(world, 1, perSlot)).toEqual([]);
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
  });
});

const updating = { kind: 'deploying', status: 'UPDATE_IN_PROGRESS' } as const;

test('a waiting deployment gets a fresh message before SQS removes the old one', async () => {
  const world = new World();
  world.stack = updating;
  world.endpoint = busy;
  world.now = NOON - 1;
  expect(await receive(world, 899)).toEqual(['1']);
  expect(world.enqueued).toEqual([]);
  expect(await receive(world, 900)).toEqual([]);
  expect(world.enqueued).toEqual([request]);
});

test('a waiting deployment is handled at its deadline, however long the pause would be', async () => {
  const world = new World();
  world.stack = updating;
  world.fail.read = new Error('throttled');
  world.now = NOON - 60_000;
  expect(await receive(world, 100)).toEqual(['1']);
  expect(world.requeued).toEqual([['handle-1', 60]]);
});

test('a replaced endpoint serves what the deployment loaded, even on the config of the old one', () => {
  const deployment = {
    configName: endpoint.configName,
    endpointCreated: endpoint.created - 1,
    revision: 'v2',
    newestSource: v2.newest,
  };
  const { state } = decide(observe({ state: { version: 1, deployment }, sources: v2 }));
  expect(state).toMatchObject({ serving: { configName: endpoint.configName, revision: 'v2' } });
});
