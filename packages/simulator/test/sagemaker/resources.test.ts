import { beforeEach, describe, expect, it } from 'vitest';
import { createWorld, roleArn } from './world.ts';

let w: ReturnType<typeof createWorld>;
beforeEach(() => {
  w = createWorld();
});

const invalid = (message: string | RegExp) =>
  expect.objectContaining({
    name: 'ValidationException',
    status: 400,
    message: typeof message === 'string' ? message : expect.stringMatching(message),
  });
const arn = (resource: string) => `arn:aws:sagemaker:us-east-1:000000000000:${resource}`;

describe('models', () => {
  it('are described as they were created', async () => {
    await expect(w.model('My-Model')).resolves.toEqual({ ModelArn: arn('model/my-model') });
    await expect(w.call('DescribeModel', { ModelName: 'My-Model' })).resolves.toMatchObject({
      ModelName: 'My-Model',
      ModelArn: arn('model/my-model'),
      ExecutionRoleArn: roleArn,
      PrimaryContainer: { ModelDataUrl: 's3://data/model.tar.gz' },
      EnableNetworkIsolation: false,
      CreationTime: expect.any(Date),
    });
  });

  it('cannot be created twice, whatever the case', async () => {
    await w.model('m');
    await expect(w.model('M')).rejects.toEqual(invalid(`Cannot create already existing model "${arn('model/m')}".`));
  });

  it('need their data to be there', async () => {
    w.objects.clear();
    await expect(w.model('m')).rejects.toEqual(invalid('Could not find model data at s3://data/model.tar.gz.'));
    const source = { S3Uri: 's3://data/prefix/', S3DataType: 'S3Prefix', CompressionType: 'None' };
    const container = { Image: 'i', ModelDataSource: { S3DataSource: source } };
    await expect(w.model('m', { PrimaryContainer: container })).rejects.toEqual(
      invalid('Could not find model data at s3://data/prefix/.'),
    );
    w.objects.set('s3://data/prefix/weights', 'e');
    await w.model('m', { PrimaryContainer: container });
  });

  it.each([
    'https://data.s3.us-east-1.amazonaws.com/model.tar.gz',
    'https://data.s3.dualstack.us-east-1.amazonaws.com/model.tar.gz',
    'https://s3.us-east-1.amazonaws.com/data/model.tar.gz',
    'https://s3.amazonaws.com/data/model.tar.gz',
  ])('find their data at %s', async (ModelDataUrl) => {
    await w.model('m', { PrimaryContainer: { Image: 'i', ModelDataUrl } });
    w.objects.clear();
    const missing = invalid(`Could not find model data at ${ModelDataUrl}.`);
    await expect(w.model('n', { PrimaryContainer: { Image: 'i', ModelDataUrl } })).rejects.toEqual(missing);
  });

  it('need a role that may read the data', async () => {
    w.denied.add('s3://data/model.tar.gz');
    await expect(w.model('m')).rejects.toEqual(invalid(/^Could not access model data at s3:\/\/data\/model.tar.gz\. /));
    w.objects.clear();
    await expect(w.model('m')).rejects.toEqual(invalid('Could not find model data at s3://data/model.tar.gz.'));
  });

  it('are gone after deletion', async () => {
    await w.model('m');
    await w.call('DeleteModel', { ModelName: 'm' });
    const gone = invalid(`Could not find model "${arn('model/m')}".`);
    await expect(w.call('DescribeModel', { ModelName: 'm' })).rejects.toEqual(gone);
    await expect(w.call('DeleteModel', { ModelName: 'm' })).rejects.toEqual(gone);
  });

  it.each(['-a', 'a-', 'a_b', 'a.b', '', 'ä'])('cannot be named %j', async (name) => {
    await expect(w.model(name)).rejects.toEqual(invalid(/regular expression pattern/));
  });

  it('have names of at most 63 characters', async () => {
    await w.model('a'.repeat(63));
    await expect(w.model('a'.repeat(64))).rejects.toEqual(invalid(/less than or equal to 63/));
  });
});

describe('endpoint configs', () => {
  it('need their models', async () => {
    await expect(w.config('c')).rejects.toEqual(invalid(`Could not find model "${arn('model/m')}".`));
  });

  it('are described as they were created, and gone after deletion', async () => {
    await w.model('m');
    await w.config('Conf');
    await expect(w.call('DescribeEndpointConfig', { EndpointConfigName: 'conf' })).resolves.toMatchObject({
      EndpointConfigName: 'Conf',
      EndpointConfigArn: arn('endpoint-config/conf'),
      ProductionVariants: [{ VariantName: 'AllTraffic', InitialInstanceCount: 1 }],
    });
    await expect(w.config('Conf')).rejects.toEqual(
      invalid(`Cannot create already existing endpoint configuration "${arn('endpoint-config/conf')}".`),
    );
    await w.call('DeleteEndpointConfig', { EndpointConfigName: 'Conf' });
    await expect(w.call('DescribeEndpointConfig', { EndpointConfigName: 'Conf' })).rejects.toEqual(
      invalid(`Could not find endpoint configuration "${arn('endpoint-config/conf')}".`),
    );
  });

  it.each([
    ['a repeated variant', [{}, {}], /"AllTraffic" was non-unique/],
    ['a short health check', [{ ContainerStartupHealthCheckTimeoutInSeconds: 59 }], /greater than or equal to 60/],
    ['a long download', [{ ModelDataDownloadTimeoutInSeconds: 3601 }], /less than or equal to 3600/],
    ['a negative weight', [{ InitialVariantWeight: -1 }], /initialVariantWeight/],
    ['no instance', [{ InitialInstanceCount: 0 }], /greater than or equal to 1/],
    [
      'an instance type of EC2',
      [{ InstanceType: 'm5.large' }],
      /'m5.large' at 'productionVariants.1.member.instanceType/,
    ],
    ['odd memory', [{ ServerlessConfig: { MemorySizeInMB: 1500, MaxConcurrency: 1 } }], /value set: \[1024, 2048/],
    ['much concurrency', [{ ServerlessConfig: { MemorySizeInMB: 1024, MaxConcurrency: 201 } }], /equal to 200/],
    ['no instance type', [{ InstanceType: undefined }], /InstanceType or a ServerlessConfig/],
  ])('cannot have %s', async (_name, changes, message) => {
    await w.model('m');
    await expect(w.config('c', ...changes.map((change) => w.variant(change)))).rejects.toEqual(invalid(message));
  });
});

describe('lists', () => {
  it('come in pages, newest first', async () => {
    for (let i = 0; i < 5; i++) {
      await w.model(`m${i}`);
      await w.clock.advance(1000);
    }
    const first = await w.call('ListModels', { MaxResults: 2 });
    expect(first.Models.map((model: { ModelName: string }) => model.ModelName)).toEqual(['m4', 'm3']);
    const second = await w.call('ListModels', { MaxResults: 3, NextToken: first.NextToken });
    expect(second.Models.map((model: { ModelName: string }) => model.ModelName)).toEqual(['m2', 'm1', 'm0']);
    expect(second.NextToken).toBeUndefined();
  });

  it('can be narrowed and sorted', async () => {
    await w.ready();
    expect((await w.call('ListEndpoints', { StatusEquals: 'Failed' })).Endpoints).toEqual([]);
    expect((await w.call('ListEndpoints', { NameContains: 'e' })).Endpoints).toHaveLength(1);
    const configs = await w.call('ListEndpointConfigs', { SortBy: 'Name', SortOrder: 'Ascending' });
    expect(configs.EndpointConfigs.map((c: { EndpointConfigName: string }) => c.EndpointConfigName)).toEqual([
      'A',
      'B',
    ]);
  });
});

describe('tags', () => {
  it('are merged, listed and deleted', async () => {
    await w.model('m', { Tags: [{ Key: 'a', Value: '1' }] });
    const ResourceArn = arn('model/m');
    await w.call('AddTags', {
      ResourceArn,
      Tags: [
        { Key: 'a', Value: '2' },
        { Key: 'b', Value: '3' },
      ],
    });
    await w.call('DeleteTags', { ResourceArn, TagKeys: ['b'] });
    await expect(w.call('ListTags', { ResourceArn })).resolves.toEqual({ Tags: [{ Key: 'a', Value: '2' }] });
  });

  it('are at most 50', async () => {
    const Tags = Array.from({ length: 51 }, (_, i) => ({ Key: `k${i}`, Value: '' }));
    await expect(w.model('m', { Tags })).rejects.toEqual(invalid(/at most 50/));
  });
});

it('asks IAM for the endpoint and the config by their ARNs, which are in lower case', async () => {
  await w.ready();
  w.asked.length = 0;
  await w.update();
  await w.describe();
  await w.invoke();
  expect(w.asked).toEqual([
    { action: 'sagemaker:UpdateEndpoint', resource: arn('endpoint/e') },
    { action: 'sagemaker:UpdateEndpoint', resource: arn('endpoint-config/b') },
    { action: 'sagemaker:DescribeEndpoint', resource: arn('endpoint/e') },
    { action: 'sagemaker:InvokeEndpoint', resource: arn('endpoint/e') },
  ]);
});
