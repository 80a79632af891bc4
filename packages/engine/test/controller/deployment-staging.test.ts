import type { SlotData } from '@freshpoint/cdk/contract';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { beforeEach, describe, expect, test } from 'vitest';
import { reconcileBatch } from '../../src/controller/batch.ts';
import { createHandler } from '../../src/lambda/handler.ts';
import { endpoint, NOON, onA, quiet, spec, v1, v2 } from '../policy/situations.ts';
import { message, World } from './fakes.ts';

const data: SlotData = {
  bucket: 'copies',
  root: 'Iris/Endpoint/1/',
  files: [{ bucket: 'models', key: 'model.tar.gz' }],
};
const own = { ...spec, data };
const inB = { ...endpoint, configName: 'config-b' };
const onB = { ...onA, configName: 'config-b', size: 5 };

let world: World;
const fills = () => world.calls.filter((call) => call.startsWith('fill'));

async function request(RequestType: 'Create' | 'Update', Data = data): Promise<void> {
  await createHandler(world.ports)({
    RequestType,
    ResponseURL: 'https://response',
    StackId: 'stack',
    RequestId: 'request',
    LogicalResourceId: 'Prepare',
    ...(RequestType === 'Update' && { PhysicalResourceId: 'Iris/Endpoint' }),
    ResourceProperties: {
      ServiceToken: 'function',
      Endpoint: 'Iris/Endpoint',
      Sources: JSON.stringify(spec.sources),
      Data: JSON.stringify(Data),
      Digest: '12345678',
    },
  } as unknown as CloudFormationCustomResourceEvent);
}

/** Handles what is in the queue, oldest first, until nothing more happens at once. */
async function receive(): Promise<string[]> {
  const promise = world.sent.find(({ gate }) => gate);
  return reconcileBatch(world.ports, [message('1', 1, JSON.stringify(promise))]);
}

beforeEach(() => {
  world = new World();
  world.state = { version: 1 };
});

describe('the first deployment', () => {
  beforeEach(() => {
    world.spec = undefined;
    world.endpoint = 'gone';
  });

  test('finds the sources in both slots’ places', async () => {
    await request('Create');
    expect(fills()).toEqual(['fill a v2 from sources', 'fill b v2 from sources']);
    expect(world.answers).toEqual([{ Status: 'SUCCESS' }]);
    expect(world.state).toMatchObject({ deployment: { revision: 'v2', newestSource: v2.newest, size: v2.size } });
    expect(world.state.staging).toBeUndefined();
  });

  test('is not answered before the data is there', async () => {
    world.staged = { kind: 'unfinished' };
    await request('Create');
    expect(world.answers).toEqual([]);
    expect(await receive()).toEqual(['1']);
    world.staged = { kind: 'staged' };
    expect(await receive()).toEqual([]);
    expect(world.answers).toEqual([{ Status: 'SUCCESS' }]);
  });

  test('does not copy again what is there already', async () => {
    world.slots = { a: 'v2' };
    await request('Create');
    expect(fills()).toEqual(['fill b v2 from sources']);
  });

  test('without model data fails at once, and says what to do', async () => {
    world.sources = { kind: 'missing', uris: ['s3://models/model.tar.gz'] };
    await request('Create');
    const Reason = 'There is no object at s3://models/model.tar.gz. Upload the model data, then deploy again.';
    expect(world.answers).toEqual([{ Status: 'FAILED', Reason }]);
    expect(fills()).toEqual([]);
  });

  test('with hopeless model data fails at once instead of after minutes', async () => {
    world.check = { kind: 'refused', message: 's3://models/model.tar.gz is empty.' };
    await request('Create');
    expect(world.answers).toEqual([
      { Status: 'FAILED', Reason: 's3://models/model.tar.gz is empty. Then deploy again.' },
    ]);
    expect(fills()).toEqual([]);
  });

  test.each(['read', 'sources', 'slots', 'fill a v2 from sources'])(
    'waits in the queue while %s fails: a new role may take seconds to be let act',
    async (call) => {
      world.fail[call] = new Error('AccessDenied');
      await request('Create');
      expect(world.answers).toEqual([]);
      expect(await receive()).toEqual(['1']);
      delete world.fail[call];
      expect(await receive()).toEqual([]);
      expect(world.answers).toEqual([{ Status: 'SUCCESS' }]);
    },
  );

  test('fails when not even the queue can be written', async () => {
    world.fail.read = new Error('AccessDenied');
    world.fail.send = new Error('AccessDenied');
    await request('Create');
    expect(world.answers).toMatchObject([{ Status: 'FAILED' }]);
  });
});

describe('a deployment of changed settings', () => {
  beforeEach(() => {
    world.spec = own;
    world.state = { ...quiet, serving: { ...onA, size: 7 } };
    world.slots = { a: 'v1', b: 'v0' };
  });

  test('writes nothing while slot A serves', async () => {
    await request('Update');
    expect(await receive()).toEqual([]);
    expect(fills()).toEqual([]);
    expect(world.state.deployment).toMatchObject({ revision: 'v1', newestSource: v1.newest, size: 7 });
  });

  test('brings what B serves to A, not what was uploaded since', async () => {
    world.endpoint = inB;
    world.state = { version: 1, serving: onB };
    world.slots = { a: 'v0', b: 'v1' };
    await request('Update');
    expect(await receive()).toEqual([]);
    expect(fills()).toEqual(['fill a v1 from slot']);
    expect(world.state.deployment).toMatchObject({ revision: 'v1', newestSource: v1.newest, size: 5 });
  });

  test('does not copy what A holds already', async () => {
    world.endpoint = inB;
    world.state = { version: 1, serving: onB };
    world.slots = { a: 'v1', b: 'v1' };
    await request('Update');
    expect(await receive()).toEqual([]);
    expect(fills()).toEqual([]);
  });

  test('leaves what failed its smoke tests for what A holds', async () => {
    world.endpoint = inB;
    world.state = { version: 1, serving: onB, quarantine: [{ revision: 'v1', at: NOON, failedSmokeTests: true }] };
    world.slots = { a: 'v0', b: 'v1' };
    await request('Update');
    expect(await receive()).toEqual([]);
    expect(fills()).toEqual([]);
    expect(world.state.deployment).toMatchObject({ revision: 'v0' });
  });

  test('goes on with broken data at the sources: it loads its own', async () => {
    world.check = { kind: 'refused', message: 'is empty' };
    await request('Update');
    expect(await receive()).toEqual([]);
    expect(world.answers).toEqual([{ Status: 'SUCCESS' }]);
  });

  test('of a rollback, with the endpoint on a config of the new template: the old places are as they were', async () => {
    world.endpoint = { ...endpoint, configName: 'config-a2' };
    await request('Update');
    expect(await receive()).toEqual([]);
    expect(fills()).toEqual([]);
    expect(world.state.deployment).toMatchObject({ revision: 'v1' });
  });

  test('of such a rollback writes no place that holds a revision, whatever the other lacks', async () => {
    world.endpoint = { ...endpoint, configName: 'config-a2' };
    world.slots = { a: 'v1' };
    await request('Update');
    expect(await receive()).toEqual([]);
    expect(fills()).toEqual(['fill b v2 from sources']);
    expect(world.state.deployment).toMatchObject({ revision: 'v1' });
  });

  test('never writes to the slot that serves, whatever is missing there', async () => {
    world.endpoint = inB;
    world.slots = { a: 'v0' };
    await request('Update');
    expect(await receive()).toEqual([]);
    expect(fills()).toEqual(['fill a v2 from sources']);
  });

  test('with other sources gets places of its own, filled from them', async () => {
    world.slots = {};
    await request('Update', { ...data, root: 'Iris/Endpoint/2/' });
    expect(await receive()).toEqual([]);
    expect(fills()).toEqual(['fill a v2 from sources', 'fill b v2 from sources']);
  });

  test('from data in place to data per slot is filled from the sources', async () => {
    world.spec = spec;
    world.slots = {};
    await request('Update');
    expect(await receive()).toEqual([]);
    expect(fills()).toEqual(['fill a v2 from sources', 'fill b v2 from sources']);
  });

  test('is failed by missing sources, but not its rollback', async () => {
    world.spec = spec;
    world.slots = {};
    world.sources = { kind: 'missing', uris: ['s3://models/model.tar.gz'] };
    world.stack = { kind: 'deploying', status: 'UPDATE_ROLLBACK_IN_PROGRESS' };
    await request('Update');
    expect(await receive()).toEqual([]);
    expect(world.answers).toEqual([{ Status: 'SUCCESS' }]);
  });
});
