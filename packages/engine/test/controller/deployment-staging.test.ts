import type { SlotData } from '@freshpoint/cdk/contract';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { beforeEach, describe, expect, test } from 'vitest';
import { reconcileBatch } from '../../src/controller/batch.ts';
import { createHandler } from '../../src/lambda/handler.ts';
import { endpoint, NOON, onA, quiet, spec, v1, v2 } from '../policy/situations.ts';
import { message, World } from './fakes.ts';

const data: SlotData = {
  bucket: spec.store.bucket,
  root: 'Iris/Endpoint/slots/1/',
  files: [{ bucket: 'models', key: 'model.tar.gz' }],
};
const perSlot = { ...spec, data };
const inB = { ...endpoint, configName: 'config-b' };
const onB = { ...onA, configName: 'config-b', size: 5 };

let world: World;
const stagings = () => world.calls.filter((call) => call.startsWith('stage '));

/** Puts the deployment's message into the queue. A creation has its first pass at once. */
async function request(RequestType: 'Create' | 'Update', Data = data): Promise<void> {
  world.stack = { kind: 'deploying', status: `${RequestType.toUpperCase()}_IN_PROGRESS` };
  await createHandler(world.ports)({
    RequestType,
    ResponseURL: 'https://response',
    StackId: 'stack',
    RequestId: 'request',
    LogicalResourceId: 'DeploymentGate',
    ...(RequestType === 'Update' && { PhysicalResourceId: 'Iris/Endpoint' }),
    ResourceProperties: {
      ServiceToken: 'function',
      Endpoint: 'Iris/Endpoint',
      Store: JSON.stringify(spec.store),
      Sources: JSON.stringify(spec.sources),
      Data: JSON.stringify(Data),
      Digest: '12345678',
    },
  } as unknown as CloudFormationCustomResourceEvent);
  if (RequestType === 'Create') await receive();
}

/** Handles the deployment's message in the queue. */
async function receive(): Promise<string[]> {
  const queued = world.enqueued.find(({ gate }) => gate);
  return reconcileBatch(world.ports, [message('1', 1, JSON.stringify(queued))]);
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

  test('stages the sources to both slots', async () => {
    await request('Create');
    expect(stagings()).toEqual(['stage a v2 from sources', 'stage b v2 from sources']);
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
    expect(world.state).toMatchObject({ deployment: { revision: 'v2', newestSource: v2.newest, size: v2.size } });
    expect(world.state.lease).toBeUndefined();
  });

  test('whose message comes again, because the answer was lost, is answered again, and stages nothing newer', async () => {
    await request('Create');
    const { state } = world;
    world.sources = { ...v2, revision: 'v3' };
    await receive();
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }, { Status: 'SUCCESS' }]);
    expect(world.state).toEqual(state);
  });

  test('is answered only after the data is staged', async () => {
    world.stagingOutcome = { kind: 'unfinished' };
    await request('Create');
    expect(world.responses).toEqual([]);
    expect(await receive()).toEqual(['1']);
    world.stagingOutcome = { kind: 'staged' };
    expect(await receive()).toEqual([]);
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
  });

  test('does not copy what is already there', async () => {
    world.slots = { a: 'v2' };
    await request('Create');
    expect(stagings()).toEqual(['stage b v2 from sources']);
  });

  test('still knows what an earlier pass for it has stored', async () => {
    world.state = { version: 1, stored: ['v2'] };
    world.slots = { a: 'v2', b: 'v2' };
    await request('Create');
    expect(world.state.stored).toEqual(['v2']);
  });

  test('without model data fails at once, and the message names the remedy', async () => {
    world.sources = { kind: 'missing', uris: ['s3://models/model.tar.gz'] };
    await request('Create');
    const Reason = 'There is no object at s3://models/model.tar.gz. Upload the model data. Then deploy again.';
    expect(world.responses).toEqual([{ Status: 'FAILED', Reason }]);
    expect(stagings()).toEqual([]);
  });

  test('with a pointer that names no archive fails at once, with what is wrong with it', async () => {
    const faults = ['The pointer s3://models/p contains "x".'];
    world.sources = { kind: 'missing', uris: [], faults, revision: 'v2', newest: 1 };
    await request('Create');
    expect(world.responses).toEqual([
      { Status: 'FAILED', Reason: 'The pointer s3://models/p contains "x". Then deploy again.' },
    ]);
  });

  test('with model data that cannot be loaded fails at once instead of after minutes', async () => {
    world.check = { kind: 'refused', message: 's3://models/model.tar.gz is empty.' };
    await request('Create');
    expect(world.responses).toEqual([
      { Status: 'FAILED', Reason: 's3://models/model.tar.gz is empty. Then deploy again.' },
    ]);
    expect(stagings()).toEqual([]);
  });

  test('with a folder that cannot be copied fails likewise', async () => {
    const file = { bucket: 'models', key: 'llm/../x', etag: 'e', size: 1, chosenBy: 's3://models/llm/*' };
    world.sources = { ...v2, files: [file] };
    await request('Create', { ...data, files: [{ bucket: 'models', folder: 'llm/' }] });
    expect(world.responses).toMatchObject([{ Status: 'FAILED', Reason: expect.stringContaining('leads outside') }]);
    expect(stagings()).toEqual([]);
  });

  test.each(['read', 'sources', 'slots', 'stage a v2 from sources'])(
    'waits in the queue while %s fails: a new role may need seconds until it is authorized',
    async (call) => {
      world.fail[call] = new Error('AccessDenied');
      await request('Create');
      expect(world.responses).toEqual([]);
      expect(await receive()).toEqual(['1']);
      delete world.fail[call];
      expect(await receive()).toEqual([]);
      expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
    },
  );

  test('fails when the queue cannot be written either', async () => {
    world.fail.read = new Error('AccessDenied');
    world.fail.enqueue = new Error('AccessDenied');
    await request('Create');
    expect(world.responses).toMatchObject([{ Status: 'FAILED' }]);
  });
});

describe('a deployment of changed settings', () => {
  beforeEach(() => {
    world.spec = perSlot;
    world.state = { ...quiet, serving: { ...onA, size: 7 } };
    world.slots = { a: 'v1', b: 'v0' };
  });

  test('writes nothing while slot A serves', async () => {
    await request('Update');
    expect(await receive()).toEqual([]);
    expect(stagings()).toEqual([]);
    expect(world.state.deployment).toMatchObject({ revision: 'v1', newestSource: v1.newest, size: 7 });
  });

  test('copies what B serves to A, not what was uploaded since', async () => {
    world.endpoint = inB;
    world.state = { version: 1, serving: onB };
    world.slots = { a: 'v0', b: 'v1' };
    world.contents = [{ bucket: 'models', key: 'model.tar.gz', etag: 'e1', size: 5 }];
    await request('Update');
    expect(await receive()).toEqual([]);
    expect(stagings()).toEqual(['stage a v1 from slot']);
    expect(world.state.deployment).toMatchObject({ revision: 'v1', newestSource: v1.newest, size: 5 });
  });

  test('does not copy what A already holds', async () => {
    world.endpoint = inB;
    world.state = { version: 1, serving: onB };
    world.slots = { a: 'v1', b: 'v1' };
    await request('Update');
    expect(await receive()).toEqual([]);
    expect(stagings()).toEqual([]);
  });

  test('replaces a revision that failed its smoke tests with what A holds', async () => {
    world.endpoint = inB;
    world.state = { version: 1, serving: onB, quarantine: [{ revision: 'v1', at: NOON, failedSmokeTests: true }] };
    world.slots = { a: 'v0', b: 'v1' };
    await request('Update');
    expect(await receive()).toEqual([]);
    expect(stagings()).toEqual([]);
    expect(world.state.deployment).toMatchObject({ revision: 'v0' });
  });

  test('proceeds with broken data at the sources: it loads slot data', async () => {
    world.check = { kind: 'refused', message: 'is empty' };
    await request('Update');
    expect(await receive()).toEqual([]);
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
  });

  test('that rolls back, with the endpoint on a config of the new template, keeps the old slot data', async () => {
    world.endpoint = { ...endpoint, configName: 'config-a2' };
    await request('Update');
    expect(await receive()).toEqual([]);
    expect(stagings()).toEqual([]);
    expect(world.state.deployment).toMatchObject({ revision: 'v1' });
  });

  test('that rolls back writes no slot that holds a revision, even if the other lacks it', async () => {
    world.endpoint = { ...endpoint, configName: 'config-a2' };
    world.slots = { a: 'v1' };
    await request('Update');
    expect(await receive()).toEqual([]);
    expect(stagings()).toEqual(['stage b v2 from sources']);
    expect(world.state.deployment).toMatchObject({ revision: 'v1' });
  });

  test('never writes to the active slot, even if its data is missing', async () => {
    world.endpoint = inB;
    world.slots = { a: 'v0' };
    await request('Update');
    expect(await receive()).toEqual([]);
    expect(stagings()).toEqual(['stage a v2 from sources']);
  });

  test('with other sources gets slot data of its own, staged from them', async () => {
    world.slots = {};
    await request('Update', { ...data, root: 'Iris/Endpoint/slots/2/' });
    expect(await receive()).toEqual([]);
    expect(stagings()).toEqual(['stage a v2 from sources', 'stage b v2 from sources']);
  });

  test('from data in place to data per slot is staged from the sources', async () => {
    world.spec = spec;
    world.slots = {};
    await request('Update');
    expect(await receive()).toEqual([]);
    expect(stagings()).toEqual(['stage a v2 from sources', 'stage b v2 from sources']);
  });

  test('fails when sources are missing, but its rollback does not', async () => {
    world.spec = spec;
    world.slots = {};
    world.sources = { kind: 'missing', uris: ['s3://models/model.tar.gz'] };
    await request('Update');
    world.stack = { kind: 'deploying', status: 'UPDATE_ROLLBACK_IN_PROGRESS' };
    expect(await receive()).toEqual([]);
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
  });
});
