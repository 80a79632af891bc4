import type { ReconcileRequest } from '@freshpoint/cdk/contract';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { describe, expect, test } from 'vitest';
import { reconcileBatch } from '../../src/controller/batch.ts';
import { EngineError, nameFailedCall } from '../../src/errors.ts';
import { createHandler } from '../../src/lambda/handler.ts';
import { accepted, endpoint, NOON, spec, testing, v2 } from '../policy/situations.ts';
import { denied, message, slowDown, World } from './fakes.ts';

const MINUTE = 60_000;
const data = { bucket: 'data', root: 'Iris/Endpoint/slots/1/', files: [{ bucket: 'models', key: 'model.tar.gz' }] };

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

/** The queue's message for an update, or for the creation of a new endpoint. */
async function queued(world: World, type: 'Create' | 'Update' = 'Update'): Promise<ReconcileRequest> {
  world.stack = { kind: 'deploying', status: type === 'Create' ? 'CREATE_IN_PROGRESS' : 'UPDATE_IN_PROGRESS' };
  if (type === 'Create') world.spec = undefined;
  await createHandler(world.ports)(event(type));
  return world.enqueued.splice(0)[0]!;
}

const receive = (world: World, request: ReconcileRequest) =>
  reconcileBatch(world.ports, [message('1', 1, JSON.stringify(request))]);

/** Another pass writes the state once an event is published, and something else happens. */
function racing(meanwhile: (world: World) => void): World {
  const world = new World();
  const { eventBus } = world.ports;
  const publish = eventBus.publish;
  eventBus.publish = async (...event) => {
    await publish(...event);
    world.version += 1;
    meanwhile(world);
  };
  return world;
}

const busy = { ...endpoint, status: 'Updating' } as const;

describe('a deployment', () => {
  test('of a new endpoint proceeds at once, and what it loads is recorded', async () => {
    const world = new World();
    expect(await receive(world, await queued(world, 'Create'))).toEqual([]);
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
    expect(world.state.deployment).toEqual({
      configName: undefined,
      revision: 'v2',
      newestSource: v2.newest,
      size: v2.size,
    });
    expect(world.enqueued).toEqual([{ version: 1, endpoint: 'Iris/Endpoint', stackId: 'stack' }]);
  });

  test('publishes the end of a refresh once, also if another pass writes the state at that time', async () => {
    const world = racing(() => undefined);
    world.state = { ...world.state, rollout: accepted };
    world.endpoint = { ...endpoint, configName: 'config-b', lastModified: NOON };
    expect(await receive(world, await queued(world))).toEqual([]);
    expect(world.published).toEqual(['succeeded']);
    expect(world.state.serving?.revision).toBe('v2');
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
  });

  test.each([
    ['sends the smoke tests again', { rollout: testing(2, { nextTestAt: NOON + MINUTE }) }],
    ['begins to stage a slot', { lease: { slot: 'a', revision: 'v3', at: NOON } }],
  ] as const)('records what it published, also if another pass %s at that time', async (_, change) => {
    const world = racing((raced) => {
      raced.state = { ...raced.state, ...change };
    });
    world.spec = { ...spec, data, smokeTests: [{ payload: '1', contentType: 'text/csv' }] };
    world.state = { ...world.state, rollout: testing(1, { unanswered: 'no answer' }) };
    world.endpoint = { ...endpoint, configName: 'config-b', lastModified: NOON };
    await receive(world, await queued(world));
    expect(world.published).toEqual(['succeeded']);
    expect(world.state).toMatchObject({ rollout: undefined, serving: { revision: 'v2' } });
  });

  test('records what it published, also if others begin to update the endpoint at that time', async () => {
    const world = racing((raced) => {
      raced.endpoint = { ...endpoint, configName: 'config-b', status: 'SystemUpdating' };
    });
    world.state = { ...world.state, rollout: accepted };
    world.endpoint = { ...endpoint, configName: 'config-b', lastModified: NOON };
    await receive(world, await queued(world));
    expect(world.published).toEqual(['succeeded']);
    expect(world.state.serving?.revision).toBe('v2');
  });

  test('of a new endpoint begins with an empty state, also where an earlier endpoint left one', async () => {
    const world = new World();
    const pin = { revision: 'v0', by: 'ada', at: 1 };
    world.state = { ...world.state, endedAt: 1, pin, quarantine: [{ revision: 'v2', at: 1 }] };
    await receive(world, await queued(world, 'Create'));
    expect(world.state).toEqual({ version: 1, deployment: world.state.deployment, admitted: 'request' });
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
    expect(world.state).toEqual({ version: 1, deployment: world.state.deployment, admitted: 'request' });
    expect(world.state.deployment).toMatchObject({ configName: 'config-a', revision: 'v2' });
  });

  test('waits until a state that was deleted by hand is rebuilt, and is refused at the deadline', async () => {
    const world = new World();
    const request = await queued(world);
    world.hasState = false;
    expect(await receive(world, request)).toEqual(['1']);
    expect(world.requeued).toEqual([['handle-1', 120]]);
    world.hasState = false;
    world.now = NOON + 50 * MINUTE;
    expect(await receive(world, request)).toEqual([]);
    expect(world.responses).toMatchObject([{ Status: 'FAILED', Reason: expect.stringContaining('rebuilt') }]);
  });

  test('that deletes proceeds at once without observing anything', async () => {
    const world = new World();
    await createHandler(world.ports)(event('Delete'));
    expect(world.calls).toEqual(['respond SUCCESS']);
  });

  test.each(['Create', 'Update'] as const)(
    'with a denied call fails within five minutes and names it: %s',
    async (type) => {
      const world = new World();
      const request = await queued(world, type);
      const denied = Object.assign(new Error('Access Denied'), { name: 'AccessDenied' });
      const principal = 'arn:aws:iam::1:role/Refresher';
      const input = { Bucket: 'data', Key: 'Iris/Endpoint/state.json' };
      nameFailedCall(denied, { service: 's3', operation: 'PutObject', input, principal });
      world.fail.write = denied;
      expect(await receive(world, request)).toEqual(['1']);
      world.now = NOON + 3 * MINUTE - 1;
      expect(await receive(world, request)).toEqual(['1']);
      expect(world.responses).toEqual([]);
      world.now = NOON + 4 * MINUTE;
      expect(await receive(world, request)).toEqual([]);
      const named = `s3:PutObject by ${principal} on arn:aws:s3:::data/Iris/Endpoint/state.json failed: AccessDenied`;
      expect(world.responses).toEqual([{ Status: 'FAILED', Reason: expect.stringContaining(named) }]);
    },
  );

  test.each([
    ['NoSuchBucket', 404, 'that does not exist'],
    ['PermanentRedirect', 301, 'in another region'],
    ['301', 301, 'in another region, which a HEAD request does not name'],
    ['KMS.DisabledException', 400, 'with a key that is disabled'],
  ])('that needs a bucket fails within five minutes after %s (%i): one %s', async (name, httpStatusCode) => {
    const world = new World();
    const request = await queued(world, 'Create');
    const error = Object.assign(new Error('UnknownError'), { name, $metadata: { httpStatusCode } });
    const input = { Bucket: 'models', Key: 'model.tar.gz' };
    nameFailedCall(error, { service: 's3', operation: 'GetObject', input });
    world.fail.sources = error;
    world.now = NOON + 2 * MINUTE;
    expect(await receive(world, request)).toEqual(['1']);
    world.now = NOON + 4 * MINUTE;
    expect(await receive(world, request)).toEqual([]);
    const named = 's3:GetObject on arn:aws:s3:::models/model.tar.gz failed';
    expect(world.responses).toEqual([{ Status: 'FAILED', Reason: expect.stringContaining(named) }]);
  });

  test.each(['read', 'sources', 'write', 'enqueue'])('of a new endpoint is retried when %s fails', async (call) => {
    const world = new World();
    const request = await queued(world, 'Create');
    world.fail[call] = new Error('gone');
    world.now = NOON + 49 * MINUTE;
    expect(await receive(world, request)).toEqual(['1']);
    expect(world.responses).toEqual([]);
    world.fail = {};
    expect(await receive(world, request)).toEqual([]);
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
  });

  test.each(['Create', 'Update'] as const)(
    'only goes to the queue at first, which cannot forget it: %s',
    async (type) => {
      const world = new World();
      const { gate } = await queued(world, type);
      expect(world.calls).toEqual(['enqueue']);
      expect(gate).toMatchObject({ type, responseUrl: 'https://response', deadline: NOON + 50 * MINUTE });
    },
  );

  test('is answered before anything else once a minute has passed since the deadline', async () => {
    const world = new World();
    const request = await queued(world);
    world.calls = [];
    world.now = NOON + 51 * MINUTE;
    expect(await receive(world, request)).toEqual([]);
    expect(world.calls).toEqual(['stack', 'respond FAILED']);
    expect(world.responses).toMatchObject([{ Reason: expect.stringContaining('no answer within 50 minutes') }]);
  });

  test.each([
    ['Create', 'ROLLBACK_IN_PROGRESS', 'deploying'],
    ['Create', 'UPDATE_ROLLBACK_IN_PROGRESS', 'deploying'],
    ['Create', 'DELETE_IN_PROGRESS', 'deploying'],
    ['Create', 'DELETE_COMPLETE', 'gone'],
    ['Update', 'DELETE_IN_PROGRESS', 'deploying'],
    ['Update', 'UPDATE_COMPLETE', 'idle'],
  ] as const)('that its stack does not wait for any more changes nothing: %s, %s', async (type, status, kind) => {
    const world = new World();
    const request = await queued(world, type);
    world.stack = { kind, status };
    world.calls = [];
    expect(await receive(world, request)).toEqual(['1']);
    expect(world.calls).toEqual(['stack', 'requeue']);
    world.now += MINUTE;
    expect(await receive(world, request)).toEqual([]);
    expect(world.calls.filter((call) => /write|stage|enqueue/.test(call))).toEqual([]);
    expect(world.responses).toHaveLength(1);
    // Nobody is alarmed.
    expect(world.decisions.at(-1)).toMatchObject({ decision: 'done', reason: 'DeploymentNotAwaited' });
  });

  test.each([undefined, 'AROAOTHER:session', '123456789012', 'AROAREFRESHERS:x'])(
    'that %s asks for changes nothing, is dead-lettered and counted',
    async (senderId) => {
      const world = new World();
      const body = JSON.stringify(await queued(world));
      world.calls = [];
      expect(await reconcileBatch(world.ports, [{ ...message('1', 1, body), senderId }])).toEqual([]);
      expect(world.calls).toEqual(['error', 'dead-letter']);
      expect(world.deadLetters).toEqual([[body, expect.stringContaining('own role AROAREFRESHER')]]);
      expect(world.metrics.MessagesUnreadable).toBe(1);
    },
  );

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
    expect(world.calls).toEqual(['stack', 'read', 'describe', 'sources', 'write', 'enqueue', 'respond SUCCESS']);
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

  test('waits while the endpoint is busy and is refused after 50 minutes', async () => {
    const world = new World();
    const request = await queued(world);
    world.endpoint = busy;
    expect(await receive(world, request)).toEqual(['1']);
    expect(world.requeued).toEqual([['handle-1', 30]]);
    world.now = NOON + 50 * MINUTE;
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
      world.now = NOON + 50 * MINUTE;
      expect(await receive(world, request)).toEqual([]);
      expect(world.responses).toMatchObject([{ Status: 'FAILED', Reason: expect.stringContaining(`${call} failed`) }]);
    },
  );

  test('proceeds although its sources cannot be read: it may be what fixes that', async () => {
    const world = new World();
    const request = await queued(world);
    world.fail.sources = denied;
    expect(await receive(world, request)).toEqual([]);
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
    expect(world.state.deployment).toEqual({
      configName: 'config-a',
      endpointCreated: endpoint.created,
      newestSource: 0,
    });
  });

  test('waits while S3 throttles: without the sources it is not known what it loads', async () => {
    const world = new World();
    const request = await queued(world);
    world.fail.sources = slowDown;
    expect(await receive(world, request)).toEqual(['1']);
    expect(world.responses).toEqual([]);
    expect(world.state.deployment).toBeUndefined();
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

  test('whose message comes again once the endpoint has moved is answered again, and changes nothing', async () => {
    const world = new World();
    const request = await queued(world);
    await receive(world, request);
    const { state } = world;
    world.stack = { kind: 'deploying', status: 'UPDATE_ROLLBACK_IN_PROGRESS' };
    world.spec = { ...spec, configs: { a: 'new-a', b: 'new-b' } };
    world.endpoint = { ...endpoint, configName: 'new-a', lastModified: NOON };
    expect(await receive(world, request)).toEqual([]);
    expect(world.state).toBe(state);
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }, { Status: 'SUCCESS' }]);
  });

  test('does not replace the request of an upload: both are handled', async () => {
    const world = new World();
    const request = await queued(world);
    world.endpoint = busy;
    const both = [message('1', 1, JSON.stringify(request)), message('2')];
    expect(await reconcileBatch(world.ports, both)).toEqual(['1', '2']);
  });
});
