import type { ConfirmationRequest } from '@freshpoint/cdk/contract';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { beforeEach, describe, expect, test } from 'vitest';
import { reconcileBatch } from '../../src/controller/batch.ts';
import { StateConflict } from '../../src/errors.ts';
import { createHandler } from '../../src/lambda/handler.ts';
import { LEASE_TTL_MS } from '../../src/policy/lease.ts';
import type { EndpointStatus } from '../../src/policy/observation.ts';
import type { PendingDeployment } from '../../src/policy/state.ts';
import { accepted, endpoint, MINUTE, NOON, quiet, spec, updating, v2 } from '../policy/situations.ts';
import { denied, message, World } from './fakes.ts';

const data = { bucket: 'data', root: 'Iris/Endpoint/1/', files: [{ bucket: 'models', key: 'model.tar.gz' }] };
/** Config A is the deployment's new one. */
const configs = { a: 'new-a', b: 'new-b' };
const admitted: PendingDeployment = {
  configName: 'config-a',
  endpointCreated: endpoint.created,
  revision: 'v1',
  newestSource: 1,
  size: 5,
};
const moved = { ...endpoint, configName: 'new-a', lastModified: NOON - MINUTE };

let world: World;
let body: string;

/** CloudFormation asks; the request goes to the queue. */
async function ask(RequestType: 'Create' | 'Update' | 'Delete', Data: object | null = data): Promise<void> {
  await createHandler(world.ports)({
    RequestType,
    ResponseURL: 'https://response',
    StackId: spec.stackId,
    RequestId: 'request',
    LogicalResourceId: 'DeploymentConfirmation',
    ...(RequestType !== 'Create' && { PhysicalResourceId: 'Iris/Endpoint' }),
    ResourceType: 'Custom::FreshpointDeploymentConfirmation',
    ResourceProperties: {
      Endpoint: 'Iris/Endpoint',
      Store: JSON.stringify(spec.store),
      Sources: JSON.stringify(spec.sources),
      ...(Data && { Data: JSON.stringify(Data) }),
      Digest: '12345678',
      EndpointName: 'Iris',
      Configs: JSON.stringify(configs),
    },
  } as unknown as CloudFormationCustomResourceEvent);
  body = JSON.stringify(world.enqueued.pop());
  world.calls = [];
}

const receive = () => reconcileBatch(world.ports, [message('1', 1, body)]);

beforeEach(() => {
  world = new World();
  world.state = { ...quiet, deployment: admitted };
  world.endpoint = moved;
  world.stack = { kind: 'deploying', status: 'UPDATE_IN_PROGRESS' };
});

describe('a deployment', () => {
  test.each(['Create', 'Update'] as const)('that runs is recorded, published and confirmed: %s', async (type) => {
    await ask(type);
    expect((JSON.parse(body) as { confirmation: ConfirmationRequest }).confirmation).toMatchObject({ type, configs });
    expect(await receive()).toEqual([]);
    expect(world.calls.filter((call) => call !== 'stack')).toEqual([
      'describe',
      'append history',
      'publish deployed',
      'write',
      'respond SUCCESS',
    ]);
    const serving = { configName: 'new-a', revision: 'v1', newestSource: 1, size: 5, since: moved.lastModified };
    expect(world.state).toEqual({ version: 1, serving, deployment: undefined });
    expect(world.history).toMatchObject([{ outcome: 'deployed', revision: 'v1', slot: 'a', serving }]);
    expect(world.history[0]?.at).toBe(new Date(moved.lastModified).toISOString());
  });

  test('that did not move the endpoint is confirmed on either slot, without a record', async () => {
    world.endpoint = { ...endpoint, configName: 'new-b' };
    world.state = { ...quiet, deployment: { ...admitted, configName: 'new-b' } };
    await ask('Update');
    expect(await receive()).toEqual([]);
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
    expect(world.state.deployment).toBeUndefined();
    expect(world.state.serving).toEqual(quiet.serving);
    expect(world.published).toEqual([]);
  });

  test('that a reconcile pass has recorded already is confirmed without another record', async () => {
    world.state = quiet;
    await ask('Update');
    expect(await receive()).toEqual([]);
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
    expect(world.calls).not.toContain('write');
  });

  test.each([
    ['the sources are as the gate read them', v2.newest, 'v2'],
    ['something was uploaded meanwhile', v2.newest - 1, undefined],
  ])('with data in place is recorded if %s', async (_, newestSource, revision) => {
    world.state = { ...quiet, deployment: { ...admitted, revision: 'v2', newestSource } };
    await ask('Update', null);
    expect(await receive()).toEqual([]);
    expect(world.state.serving).toMatchObject({ configName: 'new-a' });
    expect(world.state.serving?.revision).toBe(revision);
    expect(world.published).toEqual(revision === undefined ? [] : ['deployed']);
  });

  test('that was rolled back keeps the pin that a person set meanwhile', async () => {
    const pin = {
      revision: 'v1',
      by: 'ann',
      at: NOON,
      supersedes: 'of the other sources',
      supersedesNewest: v2.newest,
    };
    const replaced = { configs, root: data.root, nextRoot: 'Iris/Endpoint/2/' };
    world.state = { ...quiet, deployment: { ...admitted, revision: 'v2' }, replaced, pin };
    world.stack = { kind: 'deploying', status: 'UPDATE_ROLLBACK_IN_PROGRESS' };
    await ask('Update');
    expect(await receive()).toEqual([]);
    expect(world.state.pin).toEqual({ ...pin, supersedes: 'v2' });
  });

  test('with data in place is confirmed although the sources cannot be read', async () => {
    world.fail.sources = denied;
    await ask('Update', null);
    expect(await receive()).toEqual([]);
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
  });

  test.each<EndpointStatus>(['Creating', 'Updating', 'SystemUpdating', 'RollingBack'])(
    'waits while the endpoint is %s, until the deadline',
    async (status) => {
      world.endpoint = { ...moved, status };
      await ask('Update');
      expect(await receive()).toEqual(['1']);
      expect(world.responses).toEqual([]);
      world.now = NOON + 50 * MINUTE;
      expect(await receive()).toEqual([]);
      expect(world.responses).toMatchObject([{ Status: 'FAILED', Reason: expect.stringContaining(status) }]);
    },
  );

  test.each([
    ['without a reason', undefined, 'rolled the update back without a reason'],
    ['with a reason', 'The instance has no memory.', 'The instance has no memory.'],
  ])(
    'that SageMaker rolled back %s fails, and says so, but not because of one old answer',
    async (_, failureReason, text) => {
      world.endpoint = { ...endpoint, ...(failureReason !== undefined && { failureReason }) };
      await ask('Update');
      expect(await receive()).toEqual(['1']);
      world.now += MINUTE;
      expect(await receive()).toEqual([]);
      const Reason = expect.stringMatching(new RegExp(`runs endpoint config config-a, expected new-a: .*${text}`));
      expect(world.responses).toEqual([{ Status: 'FAILED', Reason }]);
      expect(world.state.deployment).toEqual(admitted);
    },
  );

  test('fails when the endpoint failed or is gone', async () => {
    for (const found of [{ ...moved, status: 'Failed', failureReason: 'no capacity' } as const, 'gone' as const]) {
      world.endpoint = found;
      await ask('Update');
      world.now += MINUTE;
      expect(await receive()).toEqual([]);
    }
    expect(world.responses).toMatchObject([
      { Status: 'FAILED', Reason: expect.stringContaining('no capacity') },
      { Status: 'FAILED', Reason: expect.stringContaining('does not exist') },
    ]);
  });

  test('is confirmed after a lost race for the state, with what the other pass wrote', async () => {
    world.fail.write = new StateConflict('state');
    await ask('Update');
    expect(await receive()).toEqual(['1']);
    world.fail = {};
    world.now += LEASE_TTL_MS;
    expect(await receive()).toEqual([]);
    expect(world.history).toHaveLength(1);
  });

  test.each([undefined, { version: 1, lostAt: NOON } as const])(
    'whose state is lost is confirmed, and nothing is written',
    async (state) => {
      if (state) world.state = state;
      else world.hasState = false;
      await ask('Update');
      expect(await receive()).toEqual([]);
      expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
      expect(world.calls).not.toContain('write');
    },
  );

  test('that is rolled back does not fail, whatever the endpoint runs', async () => {
    world.stack = { kind: 'deploying', status: 'UPDATE_ROLLBACK_IN_PROGRESS' };
    world.endpoint = endpoint;
    await ask('Update');
    world.now += MINUTE;
    expect(await receive()).toEqual([]);
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
  });
});

describe('a deletion', () => {
  beforeEach(() => {
    world.stack = { kind: 'deploying', status: 'DELETE_IN_PROGRESS' };
    world.state = quiet;
    world.endpoint = endpoint;
  });

  test('ends the refreshes first, then continues at once if the endpoint is idle', async () => {
    await ask('Delete');
    expect(await receive()).toEqual([]);
    expect(world.calls).toEqual(['stack', 'write', 'describe', 'respond SUCCESS']);
    expect(world.state).toEqual({ ...quiet, endedAt: NOON });
  });

  test.each([
    ['is being updated', { endpoint: { ...endpoint, status: 'Updating' as const } }],
    ['is about to be updated', { state: { ...quiet, rollout: { ...updating, at: NOON - 1000 } } }],
    ['was just updated, which is not visible yet', { state: { ...quiet, rollout: { ...accepted, at: NOON - 1000 } } }],
    [
      'has a slot that is being staged',
      { state: { ...quiet, lease: { slot: 'b' as const, revision: 'v2', at: NOON - 1000 } } },
    ],
  ])('waits while the endpoint %s, and continues at the deadline', async (_, found) => {
    Object.assign(world, found);
    await ask('Delete');
    expect(await receive()).toEqual(['1']);
    expect(world.state.endedAt).toBe(NOON);
    expect(world.responses).toEqual([]);
    // Later the update is visible or was never made, and the lease has expired: only a busy endpoint still waits.
    world.now = NOON + 50 * MINUTE;
    expect(await receive()).toEqual([]);
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
  });

  test('continues when endpoint and state are gone', async () => {
    world.endpoint = 'gone';
    world.hasState = false;
    await ask('Delete');
    expect(await receive()).toEqual([]);
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
  });

  test('does not wait for a denied call, because no one will grant it any more', async () => {
    world.fail.describe = Object.assign(new Error('not authorized to perform: x'), { name: 'AccessDeniedException' });
    await ask('Delete');
    expect(await receive()).toEqual([]);
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
  });

  test('does not wait for a queue that is gone', async () => {
    world.fail.enqueue = new Error('The specified queue does not exist.');
    await ask('Delete');
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
  });

  test('whose message comes again after the endpoint was created anew ends nothing', async () => {
    await ask('Delete');
    world.stack = { kind: 'deploying', status: 'UPDATE_IN_PROGRESS' };
    world.now += MINUTE;
    expect(await receive()).toEqual([]);
    expect(world.state.endedAt).toBeUndefined();
  });
});
