import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { beforeEach, describe, expect, test } from 'vitest';
import { reconcileBatch } from '../../src/controller/batch.ts';
import { createHandler } from '../../src/lambda/handler.ts';
import { spec } from '../policy/situations.ts';
import { message, World } from './fakes.ts';

const source = { bucket: 'models', key: 'model.tar.gz' };
const data = { bucket: spec.store.bucket, root: 'Iris/Endpoint/slots/1/', files: [source] };
const MISSING = { kind: 'missing', uris: ['s3://models/model.tar.gz'] } as const;

let world: World;
beforeEach(() => {
  world = new World();
  world.spec = undefined;
  world.endpoint = 'gone';
  world.state = { version: 1 };
  world.stack = { kind: 'deploying', status: 'CREATE_IN_PROGRESS' };
});

async function request(RequestType: 'Create' | 'Delete', more: object = {}): Promise<void> {
  await createHandler(world.ports)({
    RequestType,
    ResponseURL: 'https://response',
    StackId: 'stack',
    RequestId: 'request',
    LogicalResourceId: 'DeploymentGate',
    ...(RequestType === 'Delete' && { PhysicalResourceId: 'Iris/Endpoint' }),
    ResourceProperties: {
      ServiceToken: 'function',
      Endpoint: 'Iris/Endpoint',
      Store: JSON.stringify(spec.store),
      Sources: JSON.stringify([source]),
      InitialData: JSON.stringify([{ from: { bucket: 'assets', key: '1.gz' }, to: source }]),
      CreatedBuckets: JSON.stringify([spec.store.bucket, 'models']),
      ...more,
    },
  } as unknown as CloudFormationCustomResourceEvent);
  const queued = world.enqueued.find(({ gate }) => gate);
  if (queued) await reconcileBatch(world.ports, [message('1', 1, JSON.stringify(queued))]);
}

const copies = () => world.calls.filter((call) => /asset|^stage|^remove/.test(call));

describe('initial model data', () => {
  test('is copied to a source without an object, then staged', async () => {
    world.sources = MISSING;
    await request('Create', { Data: JSON.stringify(data) });
    expect(copies()).toEqual(['copy asset to model.tar.gz', 'stage a v2 from sources', 'stage b v2 from sources']);
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
  });

  test('is copied for models that load their sources in place', async () => {
    world.sources = MISSING;
    await request('Create');
    expect(copies()).toEqual(['copy asset to model.tar.gz']);
    expect(world.state.deployment).toMatchObject({ revision: 'v2' });
  });

  test('is not copied to a source with an object', async () => {
    await request('Create', { Data: JSON.stringify(data) });
    expect(copies()).toEqual(['stage a v2 from sources', 'stage b v2 from sources']);
  });

  test('that was overtaken by an upload is not needed', async () => {
    world.sources = MISSING;
    world.assetOutcome = 'changed';
    await request('Create', { Data: JSON.stringify(data) });
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
  });

  test('for another source does not replace what is missing', async () => {
    world.sources = { kind: 'missing', uris: ['s3://models/other.tar.gz'] };
    await request('Create', { Data: JSON.stringify(data) });
    expect(copies()).toEqual([]);
    const Reason = 'There is no object at s3://models/other.tar.gz. Upload the model data. Then deploy again.';
    expect(world.responses).toEqual([{ Status: 'FAILED', Reason }]);
  });

  test('that cannot be loaded fails the deployment before it is copied', async () => {
    world.sources = MISSING;
    world.check = { kind: 'refused', message: 's3://assets/1.gz is a zip file.' };
    await request('Create', { Data: JSON.stringify(data) });
    expect(copies()).toEqual([]);
    const Reason = 'initialModelData cannot be loaded: s3://assets/1.gz is a zip file. Then deploy again.';
    expect(world.responses).toEqual([{ Status: 'FAILED', Reason }]);
  });

  test('that is too large fails the deployment, and the message names the remedy', async () => {
    world.sources = MISSING;
    world.initialized = MISSING;
    world.assetOutcome = 'unfinished';
    await request('Create', { Data: JSON.stringify(data) });
    const Reason =
      'initialModelData is too large to be copied. Upload it to s3://models/model.tar.gz, then deploy again.';
    expect(world.responses).toEqual([{ Status: 'FAILED', Reason }]);
  });
});

describe('the deletion of the gate', () => {
  test.each(['ROLLBACK_IN_PROGRESS', 'CREATE_IN_PROGRESS'])(
    'removes what a failed creation stored in buckets of the stack (%s)',
    async (status) => {
      world.stack = { kind: 'deploying', status };
      await request('Delete');
      expect(copies()).toEqual([`remove ${spec.store.prefix}`, 'remove asset model.tar.gz']);
      expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
    },
  );

  test.each(['DELETE_IN_PROGRESS', 'UPDATE_ROLLBACK_IN_PROGRESS', 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS'])(
    'keeps everything in other cases (%s)',
    async (status) => {
      world.stack = { kind: 'deploying', status };
      await request('Delete');
      expect(copies()).toEqual([]);
    },
  );

  test('keeps what is in other buckets', async () => {
    world.stack = { kind: 'deploying', status: 'ROLLBACK_IN_PROGRESS' };
    await request('Delete', { CreatedBuckets: JSON.stringify(['models']) });
    expect(copies()).toEqual(['remove asset model.tar.gz']);
  });

  test('succeeds if nothing can be removed: CloudFormation reports the bucket', async () => {
    world.stack = { kind: 'deploying', status: 'ROLLBACK_IN_PROGRESS' };
    world.fail[`remove ${spec.store.prefix}`] = new Error('SlowDown');
    await request('Delete');
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
    expect(world.calls).toContain('error');
  });
});
