import type { ReconcileRequest } from '@freshpoint/cdk/contract';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { describe, expect, test } from 'vitest';
import { reconcileBatch } from '../../src/controller/batch.ts';
import { EngineError } from '../../src/errors.ts';
import { createHandler } from '../../src/lambda/handler.ts';
import { endpoint, NOON, spec, v2 } from '../policy/situations.ts';
import { message, World } from './fakes.ts';

const MINUTE = 60_000;

function event(RequestType: 'Create' | 'Update' | 'Delete'): CloudFormationCustomResourceEvent {
  return {
    RequestType,
    ResponseURL: 'https://response',
    StackId: 'stack',
    RequestId: 'request',
    LogicalResourceId: 'DeploymentGate',
    PhysicalResourceId: 'Iris/Endpoint',
    ResourceType: 'Custom::FreshpointDeploymentGate',
    ServiceToken: 'function',
    ResourceProperties: {
      ServiceToken: 'function',
      Endpoint: 'Iris/Endpoint',
      Store: '{"bucket":"data","prefix":"Iris/Endpoint/"}',
      Sources: '[{"bucket":"models","key":"model.tar.gz"}]',
      Digest: '12345678',
    },
    OldResourceProperties: {},
  } as CloudFormationCustomResourceEvent;
}

/** The queue's message for an update. */
async function queued(world: World): Promise<ReconcileRequest> {
  await createHandler(world.ports)(event('Update'));
  return world.enqueued.splice(0)[0]!;
}

const receive = (world: World, request: ReconcileRequest) =>
  reconcileBatch(world.ports, [message('1', 1, JSON.stringify(request))]);

const busy = { ...endpoint, status: 'Updating' } as const;

describe('a deployment', () => {
  test('of a new endpoint proceeds at once, and what it loads is recorded', async () => {
    const world = new World();
    world.spec = undefined;
    await createHandler(world.ports)(event('Create'));
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
    expect(world.state.deployment).toEqual({
      configName: undefined,
      revision: 'v2',
      newestSource: v2.newest,
      size: v2.size,
    });
    expect(world.enqueued).toEqual([{ version: 1, endpoint: 'Iris/Endpoint', stackId: 'stack' }]);
  });

  test('of a new endpoint begins with an empty state, also where an earlier endpoint left one', async () => {
    const world = new World();
    world.spec = undefined;
    const pin = { revision: 'v0', by: 'ada', at: 1 };
    world.state = { ...world.state, pin, quarantine: [{ revision: 'v2', at: 1 }] };
    await createHandler(world.ports)(event('Create'));
    expect(world.state).toEqual({ version: 1, deployment: world.state.deployment });
  });

  test.each(['unfinished', 'changed'] as const)('whose copy is %s at the deadline is refused', async (kind) => {
    const world = new World();
    const data = { bucket: 'data', root: 'new/', files: [{ bucket: 'models', key: 'model.tar.gz' }] };
    const request = await queued(world);
    world.spec = { ...spec, data: { ...data, root: 'old/' } };
    world.stagingOutcome = { kind };
    const waiting = { ...request, gate: { ...request.gate!, data } };
    expect(await receive(world, waiting)).toEqual(['1']);
    expect(world.responses).toEqual([]);
    world.now = request.gate!.deadline;
    expect(await receive(world, waiting)).toEqual([]);
    expect(world.responses).toMatchObject([
      { Status: 'FAILED', Reason: expect.stringContaining('still being copied') },
    ]);
  });

  test('with another data bucket begins with an empty state', async () => {
    const world = new World();
    const request = await queued(world);
    world.spec = { ...spec, store: { ...spec.store, bucket: 'before' } };
    expect(await receive(world, request)).toEqual([]);
    expect(world.state).toEqual({ version: 1, deployment: world.state.deployment });
    expect(world.state.deployment).toMatchObject({ configName: 'config-a', revision: 'v2' });
  });

  test('waits until a state that was deleted by hand is rebuilt, and is refused at the deadline', async () => {
    const world = new World();
    const request = await queued(world);
    world.hasState = false;
    expect(await receive(world, request)).toEqual(['1']);
    expect(world.requeued).toEqual([['handle-1', 120]]);
    world.hasState = false;
    world.now = NOON + 55 * MINUTE;
    expect(await receive(world, request)).toEqual([]);
    expect(world.responses).toMatchObject([{ Status: 'FAILED', Reason: expect.stringContaining('rebuilt') }]);
  });

  test('that deletes proceeds at once without observing anything', async () => {
    const world = new World();
    await createHandler(world.ports)(event('Delete'));
    expect(world.calls).toEqual(['respond SUCCESS']);
  });

  test.each(['read', 'sources', 'write', 'enqueue'])(
    'of a new endpoint proceeds at once even if %s fails',
    async (call) => {
      const world = new World();
      world.spec = undefined;
      world.fail[call] = new Error('gone');
      await createHandler(world.ports)(event('Create'));
      expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
    },
  );

  test('of an endpoint that already has a spec is queued like an update', async () => {
    const world = new World();
    await createHandler(world.ports)(event('Create'));
    expect(world.responses).toEqual([]);
    expect(world.enqueued[0]?.gate).toMatchObject({ responseUrl: 'https://response', deadline: NOON + 55 * MINUTE });
  });

  test('that cannot be queued is refused with the reason', async () => {
    const world = new World();
    world.fail.enqueue = new Error('The specified queue does not exist.');
    await createHandler(world.ports)(event('Update'));
    expect(world.responses).toMatchObject([
      { Status: 'FAILED', Reason: expect.stringContaining('queue does not exist') },
    ]);
  });

  test('proceeds when the endpoint is idle, and writes the state first, so that no other pass swaps', async () => {
    const world = new World();
    const request = await queued(world);
    world.calls = [];
    expect(await receive(world, request)).toEqual([]);
    expect(world.calls).toEqual(['read', 'describe', 'sources', 'write', 'enqueue', 'respond SUCCESS']);
    expect(world.state.deployment).toEqual({
      configName: 'config-a',
      endpointCreated: endpoint.created,
      revision: 'v2',
      newestSource: v2.newest,
      size: v2.size,
    });
    expect(world.enqueued).toEqual([{ version: 1, endpoint: 'Iris/Endpoint', stackId: 'stack' }]);
  });

  test('proceeds when spec and state are gone, and leaves no state behind', async () => {
    const world = new World();
    const request = await queued(world);
    world.spec = undefined;
    world.hasState = false;
    expect(await receive(world, request)).toEqual([]);
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
    expect(world.calls).not.toContain('write');
  });

  test('waits while the endpoint is busy and is refused after 55 minutes', async () => {
    const world = new World();
    const request = await queued(world);
    world.endpoint = busy;
    expect(await receive(world, request)).toEqual(['1']);
    expect(world.requeued).toEqual([['handle-1', 30]]);
    world.now = NOON + 55 * MINUTE;
    expect(await receive(world, request)).toEqual([]);
    expect(world.responses).toMatchObject([{ Status: 'FAILED', Reason: expect.stringContaining('stayed busy') }]);
  });

  test.each(['read', 'describe', 'write', 'enqueue'])(
    'is retried when %s fails, and refused at the deadline',
    async (call) => {
      const world = new World();
      const request = await queued(world);
      world.fail[call] = new Error(`${call} failed`);
      expect(await receive(world, request)).toEqual(['1']);
      expect(world.responses).toEqual([]);
      world.now = NOON + 55 * MINUTE;
      expect(await receive(world, request)).toEqual([]);
      expect(world.responses).toEqual([{ Status: 'FAILED', Reason: `${call} failed` }]);
    },
  );

  test('proceeds although its sources cannot be read: it may be what fixes that', async () => {
    const world = new World();
    const request = await queued(world);
    world.fail.sources = new Error('AccessDenied');
    expect(await receive(world, request)).toEqual([]);
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
    expect(world.state.deployment).toEqual({
      configName: 'config-a',
      endpointCreated: endpoint.created,
      newestSource: 0,
    });
  });

  test('is refused at once when the state cannot be parsed', async () => {
    const world = new World();
    const request = await queued(world);
    world.fail.read = new EngineError('STATE_UNREADABLE', 'SSM parameter /x: expected a JSON object');
    expect(await receive(world, request)).toEqual([]);
    expect(world.responses).toEqual([{ Status: 'FAILED', Reason: 'SSM parameter /x: expected a JSON object' }]);
  });

  test('whose response is lost is answered again', async () => {
    const world = new World();
    const request = await queued(world);
    world.fail['respond SUCCESS'] = new Error('503');
    expect(await receive(world, request)).toEqual(['1']);
    world.fail = {};
    expect(await receive(world, request)).toEqual([]);
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
  });

  test('does not replace the request of an upload: both are handled', async () => {
    const world = new World();
    const request = await queued(world);
    world.endpoint = busy;
    const both = [message('1', 1, JSON.stringify(request)), message('2')];
    expect(await reconcileBatch(world.ports, both)).toEqual(['1', '2']);
  });
});
