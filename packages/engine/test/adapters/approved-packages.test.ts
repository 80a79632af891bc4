import type { ModelPackageContainerDefinition } from '@aws-sdk/client-sagemaker';
import { type PackageContainer, slotDataKey } from '@freshpoint/cdk/contract';
import { s3InMemory } from '@freshpoint/test-support/s3-in-memory';
import { beforeEach, describe, expect, test } from 'vitest';
import type { AwsCommand } from '../../src/adapters/client.ts';
import { s3RevisionStore } from '../../src/adapters/s3-revision-store.ts';
import { s3Sources } from '../../src/adapters/s3-sources.ts';
import { sageMakerRegistry } from '../../src/adapters/sagemaker-registry.ts';
import type { SourcesView } from '../../src/policy/observation.ts';

const SECOND_MS = 1000;
const arnOf = (version: number) => `arn:aws:sagemaker:us-east-1:000000000000:model-package/iris/${version}`;

interface Version {
  approval: string;
  status?: string;
  modified: number;
  containers: ModelPackageContainerDefinition[];
}

/** The packages of the group `iris`, by version - 1, in pages of one. */
let versions: Version[];
let sent: string[];
let s3: ReturnType<typeof s3InMemory>;

const registry = sageMakerRegistry({
  async send(command: AwsCommand) {
    sent.push(command.constructor.name);
    const input = command.input as Record<string, string | undefined>;
    if (input.ModelPackageName !== undefined) {
      const found = versions.find((_, index) => arnOf(index + 1) === input.ModelPackageName);
      if (!found) throw invalid('ModelPackage does not exist.');
      return {
        CreationTime: new Date(0),
        LastModifiedTime: new Date(found.modified),
        InferenceSpecification: { Containers: found.containers },
      };
    }
    expect(input).toMatchObject({
      ModelApprovalStatus: 'Approved',
      SortBy: 'CreationTime',
      SortOrder: 'Descending',
    });
    if (input.ModelPackageGroupName !== 'iris') throw invalid(`ModelPackageGroup does not exist.`);
    const approved = versions
      .map((each, index) => ({ ...each, version: index + 1 }))
      .filter(({ approval }) => approval === 'Approved')
      .toReversed();
    const at = Number(input.NextToken ?? 0);
    return {
      ModelPackageSummaryList: approved.slice(at, at + 1).map(({ version, status = 'Completed' }) => ({
        ModelPackageArn: arnOf(version),
        ModelPackageVersion: version,
        ModelPackageStatus: status,
      })),
      ...(at + 1 < approved.length && { NextToken: String(at + 1) }),
    };
  },
});

function invalid(message: string): Error {
  return Object.assign(new Error(message), { name: 'ValidationException', $metadata: { httpStatusCode: 400 } });
}

beforeEach(async () => {
  versions = [];
  sent = [];
  s3 = s3InMemory();
  await s3.call('CreateBucket', { Bucket: 'models' });
});

async function register(key: string, more: Partial<Version> = {}): Promise<void> {
  await s3.clock.advance(SECOND_MS);
  await s3.put('models', key, key);
  await s3.clock.advance(SECOND_MS);
  const containers = [{ Image: 'image', ModelDataUrl: `s3://models/${key}` }];
  versions.push({ approval: 'Approved', modified: s3.clock.now(), containers, ...more });
}

async function observe(group = 'iris', ...containers: readonly PackageContainer[]): Promise<SourcesView> {
  const used = containers.length > 0 ? containers : [{ index: 0, count: 1 }];
  const sources = used.map((container) => ({ packageGroup: group, container, targets: ['models'] }));
  const view = await s3Sources(s3.client, { registry }).observe(sources, { isTimeUp: () => false });
  if (view.kind === 'unfinished') throw new Error('nothing is listed');
  return view;
}

describe('the newest approved package', () => {
  test('is the source, as new as its approval', async () => {
    await register('one');
    await register('two');
    await register('three', { approval: 'PendingManualApproval' });
    expect(await observe()).toMatchObject({
      kind: 'complete',
      files: [{ bucket: 'models', key: 'two', chosenBy: 'model-package-group/iris' }],
      newest: versions[1]?.modified,
      size: 3,
    });
  });

  test('is the one before, with its revision as it was, once the newest is rejected', async () => {
    await register('one');
    const one = await observe();
    await register('two');
    const two = await observe();
    expect(two.revision).not.toBe(one.revision);
    Object.assign(versions[1] ?? {}, { approval: 'Rejected' });
    expect(await observe()).toEqual(one);
  });

  test('is one that SageMaker has completed, also on a later page', async () => {
    await register('one');
    await register('two', { status: 'Failed' });
    await register('three', { status: 'InProgress' });
    expect(await observe()).toMatchObject({ files: [{ key: 'one' }] });
  });

  test('may have its archive in ModelDataSource', async () => {
    const data = { S3Uri: 's3://models/one', S3DataType: 'S3Object', CompressionType: 'Gzip' } as const;
    await register('one', { containers: [{ ModelDataSource: { S3DataSource: data } }] });
    expect(await observe()).toMatchObject({ kind: 'complete', files: [{ key: 'one' }] });
    const containers = [{ ModelDataSource: { S3DataSource: { ...data, CompressionType: 'None' as const } } }];
    await register('two', { containers });
    expect(await observe()).toMatchObject({ faults: [expect.stringContaining('uncompressed')] });
  });

  test('is asked for once, so that the containers of a model get the data of one package', async () => {
    const containers = ['one', 'b'].map((key) => ({ ModelDataUrl: `s3://models/${key}` }));
    await s3.put('models', 'b', 'b');
    await register('one', { containers });
    const view = await observe('iris', { index: 0, count: 2 }, { index: 1, count: 2 });
    expect(view).toMatchObject({ kind: 'complete', files: [{ key: 'one' }, { key: 'b' }] });
    expect(sent).toEqual(['ListModelPackagesCommand', 'DescribeModelPackageCommand']);
  });

  test('fills the slot data of each container with the data of its own', async () => {
    const named = ['first', 'second'].map((ContainerHostname) => ({
      ContainerHostname,
      ModelDataUrl: `s3://models/${ContainerHostname}`,
    }));
    for (const { ContainerHostname } of named) await s3.put('models', ContainerHostname, ContainerHostname);
    await register('one', { containers: named });
    await s3.call('CreateBucket', { Bucket: 'copies' });
    // The model has the containers in another order than the package.
    const files = ['second', 'first'].map((hostname, index) => ({
      packageGroup: 'iris',
      container: { index, count: 2, hostname },
      targets: ['models'],
    }));
    const data = { bucket: 'copies', root: 'slots/1/', files };
    const view = await s3Sources(s3.client, { registry }).observe(files, { isTimeUp: () => false });
    if (view.kind !== 'complete') throw new Error(`expected a complete view, got ${view.kind}`);
    const job = { store: { bucket: 'copies', prefix: 'Iris/' }, data, slot: 'a', revision: view.revision } as const;
    const sources = view.files.map((source) => ({ source }));
    const options = { isTimeUp: () => false, begun: async () => undefined };
    expect(await s3RevisionStore(s3.client, () => '1').stage({ ...job, files: sources }, options)).toEqual({
      kind: 'staged',
    });
    expect(await s3.get('copies', slotDataKey(data.root, 'a', 0))).toBe('second');
    expect(await s3.get('copies', slotDataKey(data.root, 'a', 1))).toBe('first');
  });
});

describe('a group', () => {
  test.each([
    ['without packages', 'iris'],
    ['that does not exist', 'rose'],
  ])('%s is a missing source', async (_, group) => {
    expect(await observe(group)).toEqual({ kind: 'missing', uris: [`model-package-group/${group}`] });
  });

  test('whose packages are rejected is a missing source', async () => {
    await register('one', { approval: 'Rejected' });
    expect(await observe()).toEqual({ kind: 'missing', uris: ['model-package-group/iris'] });
  });

  test('in another account is listed by its ARN', async () => {
    const arn = 'arn:aws:sagemaker:us-east-1:111111111111:model-package-group/iris';
    const inputs: unknown[] = [];
    const send = async (command: AwsCommand) => {
      inputs.push(command.input);
      return {};
    };
    expect(await sageMakerRegistry({ send }).newestApproved(arn)).toBeUndefined();
    expect(inputs).toMatchObject([{ ModelPackageGroupName: arn }]);
  });

  test('that may not be listed is an error', async () => {
    const denied = Object.assign(new Error('no'), { name: 'AccessDeniedException' });
    const reading = sageMakerRegistry({ send: () => Promise.reject(denied) }).newestApproved('iris');
    await expect(reading).rejects.toBe(denied);
  });
});

describe('a package that cannot be served', () => {
  test('is a revision with the reason, as new as its approval, until its object exists', async () => {
    await register('one', { containers: [{ ModelDataUrl: 's3://models/late' }] });
    const dangling = await observe();
    expect(dangling).toMatchObject({ kind: 'missing', uris: [], newest: versions[0]?.modified });
    const message = `The package ${arnOf(1)} names s3://models/late, where there is no object.`;
    expect(dangling).toHaveProperty('faults', [expect.stringContaining(message)]);
    await s3.put('models', 'late', 'late');
    const complete = await observe();
    expect(complete.kind).toBe('complete');
    expect(complete.revision).not.toBe(dangling.revision);
  });

  test('is another revision than the next such package', async () => {
    await register('one', { containers: [] });
    const first = await observe();
    await register('two', { containers: [] });
    expect((await observe()).revision).not.toBe(first.revision);
  });
});
