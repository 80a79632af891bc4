import { beforeEach, describe, expect, it } from 'vitest';
import { createWorld } from './world.ts';

let w: ReturnType<typeof createWorld>;
beforeEach(async () => {
  w = createWorld();
  await w.call('CreateModelPackageGroup', { ModelPackageGroupName: 'Iris', ModelPackageGroupDescription: 'flowers' });
});

const arn = (resource: string) => `arn:aws:sagemaker:us-east-1:000000000000:${resource}`;
const groupArn = arn('model-package-group/Iris');
const versionArn = (version: number) => arn(`model-package/Iris/${version}`);
const invalid = (message: string) => expect.objectContaining({ name: 'ValidationException', status: 400, message });
const InferenceSpecification = { Containers: [{ Image: 'image', ModelDataUrl: 's3://data/model.tar.gz' }] };
const inGroup = { ModelPackageGroupName: 'Iris' };
const register = async (more: object = {}) => {
  await w.clock.advance(1000);
  return w.call('CreateModelPackage', { ...inGroup, InferenceSpecification, ...more });
};
const approve = (version: number, ModelApprovalStatus: string) =>
  w.call('UpdateModelPackage', { ModelPackageArn: versionArn(version), ModelApprovalStatus });
const list = async (more: object = {}): Promise<number[]> => {
  const { ModelPackageSummaryList } = await w.call('ListModelPackages', { ...inGroup, ...more });
  return ModelPackageSummaryList.map(({ ModelPackageVersion }: { ModelPackageVersion: number }) => ModelPackageVersion);
};

describe('a model package group', () => {
  it('is described by its name and by its ARN', async () => {
    const described = {
      ...inGroup,
      ModelPackageGroupArn: groupArn,
      ModelPackageGroupDescription: 'flowers',
      CreationTime: expect.any(Date),
      ModelPackageGroupStatus: 'Completed',
    };
    for (const ModelPackageGroupName of ['Iris', groupArn]) {
      await expect(w.call('DescribeModelPackageGroup', { ModelPackageGroupName })).resolves.toEqual(described);
    }
    await expect(w.call('ListModelPackageGroups')).resolves.toEqual({ ModelPackageGroupSummaryList: [described] });
  });

  it('is listed, the oldest first', async () => {
    await w.clock.advance(1000);
    await w.call('CreateModelPackageGroup', { ModelPackageGroupName: 'A' });
    const { ModelPackageGroupSummaryList: listed } = await w.call('ListModelPackageGroups');
    expect(listed.map((group: { ModelPackageGroupName: string }) => group.ModelPackageGroupName)).toEqual([
      'Iris',
      'A',
    ]);
  });

  it('cannot be created twice, and has the name of a resource', async () => {
    await expect(w.call('CreateModelPackageGroup', inGroup)).rejects.toEqual(
      invalid(`Model Package Group already exists: ${groupArn}`),
    );
    await expect(w.call('CreateModelPackageGroup', { ModelPackageGroupName: '-' })).rejects.toThrow(
      "Value '-' at 'modelPackageGroupName' failed to satisfy constraint",
    );
  });

  it('is deleted once it has no packages', async () => {
    await register();
    await expect(w.call('DeleteModelPackageGroup', inGroup)).rejects.toMatchObject({ name: 'ConflictException' });
    await w.call('DeleteModelPackage', { ModelPackageName: versionArn(1) });
    await w.call('DeleteModelPackageGroup', inGroup);
    await expect(w.call('DescribeModelPackageGroup', inGroup)).rejects.toEqual(
      invalid(`ModelPackageGroup ${groupArn} does not exist.`),
    );
  });

  it('keeps its resource policy', async () => {
    await expect(w.call('GetModelPackageGroupPolicy', inGroup)).rejects.toThrow('does not have a resource policy');
    const ResourcePolicy = '{"Version":"2012-10-17","Statement":[]}';
    await expect(w.call('PutModelPackageGroupPolicy', { ...inGroup, ResourcePolicy })).resolves.toEqual({
      ModelPackageGroupArn: groupArn,
    });
    await expect(w.call('GetModelPackageGroupPolicy', inGroup)).resolves.toEqual({ ResourcePolicy });
    await w.call('DeleteModelPackageGroupPolicy', inGroup);
    await expect(w.call('GetModelPackageGroupPolicy', inGroup)).rejects.toThrow('does not have a resource policy');
  });

  it('has tags', async () => {
    await w.call('AddTags', { ResourceArn: groupArn, Tags: [{ Key: 'team', Value: 'iris' }] });
    await expect(w.call('ListTags', { ResourceArn: groupArn })).resolves.toEqual({
      Tags: [{ Key: 'team', Value: 'iris' }],
    });
  });
});

describe('a model package', () => {
  it('is the next version of its group, to be approved', async () => {
    await expect(register({ ModelPackageDescription: 'first' })).resolves.toEqual({ ModelPackageArn: versionArn(1) });
    const described = await w.call('DescribeModelPackage', { ModelPackageName: versionArn(1) });
    // As in AWS's example, it has no name of its own.
    expect(Object.keys(described)).not.toContain('ModelPackageName');
    await expect(w.call('DescribeModelPackage', { ModelPackageName: 'Iris/1' })).resolves.toEqual(described);
    expect(described).toMatchObject({
      ...inGroup,
      ModelPackageVersion: 1,
      ModelPackageArn: versionArn(1),
      ModelPackageDescription: 'first',
      InferenceSpecification,
      ModelPackageStatus: 'Completed',
      ModelApprovalStatus: 'PendingManualApproval',
      CreationTime: expect.any(Date),
    });
    await w.call('DeleteModelPackage', { ModelPackageName: versionArn(1) });
    await expect(register()).resolves.toEqual({ ModelPackageArn: versionArn(2) });
  });

  it('is approved and rejected, which changes its LastModifiedTime', async () => {
    await register();
    await w.clock.advance(5000);
    await approve(1, 'Approved');
    await w.call('UpdateModelPackage', { ModelPackageArn: versionArn(1), CustomerMetadataProperties: { by: 'me' } });
    const described = await w.call('DescribeModelPackage', { ModelPackageName: versionArn(1) });
    expect(described).toMatchObject({ ModelApprovalStatus: 'Approved', CustomerMetadataProperties: { by: 'me' } });
    expect(described.LastModifiedTime - described.CreationTime).toBe(5000);
    await expect(approve(1, 'Yes')).rejects.toThrow('enum value set: [Approved, Rejected, PendingManualApproval]');
    await expect(approve(2, 'Approved')).rejects.toEqual(invalid(`ModelPackage ${versionArn(2)} does not exist.`));
  });

  it.each([
    [{ ModelPackageGroupName: 'Iris', ModelPackageName: 'iris' }, /^Both ModelPackageName and ModelPackageGroupName/],
    [{ ModelPackageName: 'iris' }, /in a ModelPackageGroupName only/],
    [{ ModelPackageGroupName: 'Rose' }, /model-package-group\/Rose does not exist/],
  ])('%j is refused', async (input, message) => {
    await expect(w.call('CreateModelPackage', input)).rejects.toThrow(message);
  });

  it('sends an event when it is registered and when its approval changes', async () => {
    await register();
    await approve(1, 'Rejected');
    const detail = { ...inGroup, ModelPackageArn: versionArn(1), ModelPackageVersion: 1, InferenceSpecification };
    const event = {
      source: 'aws.sagemaker',
      'detail-type': 'SageMaker Model Package State Change',
      resources: [versionArn(1)],
    };
    expect(w.packageEvents).toEqual([
      { ...event, detail: expect.objectContaining({ ...detail, ModelApprovalStatus: 'PendingManualApproval' }) },
      { ...event, detail: expect.objectContaining({ ...detail, ModelApprovalStatus: 'Rejected' }) },
    ]);
  });
});

describe('ListModelPackages', () => {
  beforeEach(async () => {
    for (const status of ['Approved', 'Rejected', 'Approved']) await register({ ModelApprovalStatus: status });
  });

  it('has the oldest first, or the newest, page by page', async () => {
    expect(await list()).toEqual([1, 2, 3]);
    const newestFirst = { SortBy: 'CreationTime', SortOrder: 'Descending' };
    expect(await list(newestFirst)).toEqual([3, 2, 1]);
    const { NextToken } = await w.call('ListModelPackages', { ...inGroup, ...newestFirst, MaxResults: 2 });
    expect(await list({ ...newestFirst, MaxResults: 2, NextToken })).toEqual([1]);
  });

  it('filters by approval and by group', async () => {
    await w.call('CreateModelPackageGroup', { ModelPackageGroupName: 'rose' });
    expect(await list({ ModelApprovalStatus: 'Approved' })).toEqual([1, 3]);
    expect(await list({ ModelPackageGroupName: 'rose' })).toEqual([]);
    expect(await list({ ModelPackageGroupName: groupArn })).toEqual([1, 2, 3]);
    await expect(list({ ModelPackageGroupName: 'tulip' })).rejects.toThrow('model-package-group/tulip does not exist.');
  });

  it('needs permission on the group; a version, on itself', async () => {
    w.asked.length = 0;
    await list();
    await w.call('DescribeModelPackage', { ModelPackageName: versionArn(1) });
    await approve(1, 'Rejected');
    expect(w.asked).toEqual([
      { action: 'sagemaker:ListModelPackages', resource: groupArn },
      { action: 'sagemaker:DescribeModelPackage', resource: versionArn(1) },
      { action: 'sagemaker:UpdateModelPackage', resource: versionArn(1) },
    ]);
  });
});

describe('a model of a package', () => {
  const named = (more: object = {}) => ({ ModelPackageName: versionArn(1), ...more });

  it('has the containers of the package, which can be a pipeline', async () => {
    const Environment = { A: 'package', B: 'package' };
    await register({ InferenceSpecification: { Containers: [{ Image: 'image', Environment }] } });
    await w.model('m', { PrimaryContainer: named({ Environment: { A: 'model' } }) });
    await expect(w.call('DescribeModel', { ModelName: 'm' })).resolves.toMatchObject({
      PrimaryContainer: named({ Image: 'image', Environment: { A: 'model', B: 'package' } }),
    });
    await w.config('c', w.variant());
    await w.call('CreateEndpoint', { EndpointName: 'E', EndpointConfigName: 'c' });
    await w.until('InService');

    await register({ InferenceSpecification: { Containers: [{ Image: 'first' }, { Image: 'second' }] } });
    await w.model('p', { PrimaryContainer: { ModelPackageName: versionArn(2) } });
    const { Containers, PrimaryContainer } = await w.call('DescribeModel', { ModelName: 'p' });
    expect(Containers).toMatchObject([{ Image: 'first' }, { Image: 'second' }]);
    expect(PrimaryContainer).toBeUndefined();
  });

  it('has one of its other specifications, by its name', async () => {
    const AdditionalInferenceSpecifications = [{ Name: 'gpu', Containers: [{ Image: 'gpu' }] }];
    await register({ AdditionalInferenceSpecifications });
    const gpu = named({ InferenceSpecificationName: 'gpu' });
    await w.model('m', { PrimaryContainer: gpu });
    const { PrimaryContainer } = await w.call('DescribeModel', { ModelName: 'm' });
    expect(PrimaryContainer).toMatchObject({ Image: 'gpu' });
    const other = w.model('n', { PrimaryContainer: named({ InferenceSpecificationName: 'cpu' }) });
    await expect(other).rejects.toThrow(/has no inference specification cpu/);
  });

  it('needs the package, and its data', async () => {
    const missing = invalid(`ModelPackage ${versionArn(1)} does not exist.`);
    await expect(w.model('m', { PrimaryContainer: named() })).rejects.toEqual(missing);
    await register();
    w.objects.clear();
    const noData = invalid('Could not find model data at s3://data/model.tar.gz.');
    await expect(w.model('m', { PrimaryContainer: named() })).rejects.toEqual(noData);
  });
});
