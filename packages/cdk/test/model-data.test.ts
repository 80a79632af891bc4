import { Duration, type Stack, Token } from 'aws-cdk-lib';
import { Annotations } from 'aws-cdk-lib/assertions';
import { Bucket, EventType } from 'aws-cdk-lib/aws-s3';
import { describe, expect, test } from 'vitest';
import { Expect, ModelData, type ModelProps, Verification } from '../src/index';
import { newStack } from './support/apps.ts';
import {
  asText,
  type Changes,
  executionRoleArn,
  image,
  Match,
  newBucket,
  newEndpoint,
  propertiesOf,
  resourcesOf,
  specOf,
} from './support/stacks.ts';

type Model = { ModelDataUrl?: unknown; Mode?: string; ModelDataSource?: { S3DataSource: { S3Uri: unknown } } };
const SLOT_DATA_URL = /^s3:\/\/<FreshpointData33F10FCE>\/Test\/Iris\/slots\/[0-9a-f]{8}\/([ab])\/(\d)\/model\.tar\.gz$/;

/** The URLs that the containers of a slot's models load, slot data as `<slot>/<index>`. */
function loads(stack: Stack, slot: 'A' | 'B'): string[] {
  const ofB = /ModelsB/;
  const models = Object.entries(resourcesOf(stack, 'AWS::SageMaker::Model')).filter(
    ([id]) => ofB.test(id) === (slot === 'B'),
  );
  return models.flatMap(([, { Properties }]) => {
    const { PrimaryContainer, Containers = [] } = Properties as { PrimaryContainer?: Model; Containers?: Model[] };
    return [...(PrimaryContainer ? [PrimaryContainer] : []), ...Containers].map((container) => {
      const text = asText(container.ModelDataUrl ?? container.ModelDataSource?.S3DataSource.S3Uri ?? '');
      return SLOT_DATA_URL.exec(text)?.slice(1).join('/') ?? text;
    });
  });
}

const container = (url: string, more = {}) => ({ image, modelDataUrl: url, ...more });
const models = (...urls: string[]): ModelProps[] =>
  urls.map((url, index) => ({ customId: `M${index}`, props: { executionRoleArn, primaryContainer: container(url) } }));
const twoVariants = {
  productionVariants: ['M0', 'M1'].map((modelName) => ({ variantName: modelName, modelName })),
};
const withContainers = (...containers: object[]): Changes => ({
  model: { primaryContainer: undefined, containers: containers as never },
});
const infos = (stack: Stack) =>
  Annotations.fromStack(stack)
    .findInfo('*', Match.stringLikeRegexp('dataInPlace|from where it is uploaded'))
    .map(({ entry }) => String(entry.data));

describe('each slot', () => {
  test('has its own slot data', () => {
    const stack = newStack();
    newEndpoint(stack);
    expect(loads(stack, 'A')).toEqual(['a/0']);
    expect(loads(stack, 'B')).toEqual(['b/0']);
    expect(infos(stack)).toEqual([]);
  });

  test('of a pipeline has slot data for each archive, in the order of the containers', () => {
    const stack = newStack();
    newEndpoint(stack, withContainers(container('s3://x/1.tar.gz'), container('s3://x/2.tar.gz'), { image }));
    expect(loads(stack, 'B')).toEqual(['b/0', 'b/1', '']);
  });

  test('of several variants has its own model for each', () => {
    const stack = newStack();
    newEndpoint(stack, { modelsProps: models('s3://x/1.tar.gz', 's3://y/2.tar.gz'), config: twoVariants });
    expect(loads(stack, 'A')).toEqual(['a/0', 'a/1']);
    const variants = propertiesOf(stack, 'AWS::SageMaker::EndpointConfig', /ConfigB/).ProductionVariants as object[];
    expect(JSON.stringify(variants)).toMatch(/ModelsBM0.*ModelsBM1/);
    expect(specOf(stack).data).toMatchObject({
      files: [
        { bucket: 'x', key: '1.tar.gz' },
        { bucket: 'y', key: '2.tar.gz' },
      ],
    });
  });

  test('has one copy of a source that two containers load', () => {
    const stack = newStack();
    newEndpoint(stack, withContainers(container('s3://x/1.tar.gz'), container('s3://x/1.tar.gz')));
    expect(loads(stack, 'A')).toEqual(['a/0', 'a/0']);
  });

  test('has slot data for a gzipped S3Object', () => {
    const stack = newStack();
    const s3DataSource = { s3Uri: 's3://x/1.tar.gz', s3DataType: 'S3Object', compressionType: 'Gzip' };
    newEndpoint(stack, { model: { primaryContainer: { image, modelDataSource: { s3DataSource } } } });
    expect([loads(stack, 'A'), loads(stack, 'B')]).toEqual([['a/0'], ['b/0']]);
  });

  test('keeps all other properties of a model, also unknown ones', () => {
    const stack = newStack();
    const more = { environment: { LEVEL: 'debug' }, containerHostname: 'one' };
    newEndpoint(stack, { model: { primaryContainer: container('s3://x/1.tar.gz', more), newProperty: { deep: 1 } } });
    for (const { Properties } of Object.values(resourcesOf(stack, 'AWS::SageMaker::Model'))) {
      expect(Properties).toMatchObject({
        PrimaryContainer: { Environment: { LEVEL: 'debug' }, ContainerHostname: 'one' },
        NewProperty: { Deep: 1 },
      });
    }
  });

  test('has another root for other sources, and the same root for the same sources', () => {
    const rootOf = (url: string, environment?: object) => {
      const stack = newStack();
      newEndpoint(stack, { model: { primaryContainer: container(url, { environment }) } });
      return (specOf(stack).data as { root: string }).root;
    };
    expect(rootOf('s3://x/1.tar.gz')).toBe(rootOf('s3://x/1.tar.gz', { A: '1' }));
    expect(rootOf('s3://x/1.tar.gz')).not.toBe(rootOf('s3://x/2.tar.gz'));
  });

  test('has its own model names, equal in every synthesis', () => {
    const namesOf = () => {
      const stack = newStack();
      newEndpoint(stack, { model: { modelName: 'iris' } });
      return Object.values(resourcesOf(stack, 'AWS::SageMaker::Model')).map(({ Properties }) => Properties.ModelName);
    };
    expect(new Set(namesOf()).size).toBe(2);
    expect(namesOf()).toEqual(namesOf());
  });
});

describe('uncompressed data', () => {
  const s3DataSource = { s3Uri: 's3://models/llm/', s3DataType: 'S3Prefix', compressionType: 'None' };
  const uncompressed = { model: { primaryContainer: { image, modelDataSource: { s3DataSource } } } };
  const FOLDER = /^s3:\/\/<FreshpointData33F10FCE>\/(Test\/Iris\/slots\/[0-9a-f]{8}\/([ab])\/0\/)$/;

  test('below a prefix has a folder in each slot, whose URL replaces that of the prefix', () => {
    const stack = newStack();
    newEndpoint(stack, uncompressed);
    expect(loads(stack, 'A')).toEqual([expect.stringMatching(FOLDER)]);
    expect(loads(stack, 'A')[0]!.replace(/\/a\/0\/$/, '/b/0/')).toBe(loads(stack, 'B')[0]);
    expect(specOf(stack).data).toMatchObject({ files: [{ bucket: 'models', folder: 'llm/' }] });
    expect(JSON.stringify(resourcesOf(stack, 'AWS::SageMaker::Model'))).toContain('"S3DataType":"S3Prefix"');
    expect(infos(stack)).toEqual([]);
  });

  test('is watched as a whole, without a bucket event and without a source for an event’s prefix in it', () => {
    const stack = newStack();
    const modelsBucket = Bucket.fromBucketName(stack, 'Models', 'models');
    const bucketEvents = [{ eventType: EventType.OBJECT_CREATED, keyFilters: [{ prefix: 'llm/weights/' }] }];
    newEndpoint(stack, { ...uncompressed, modelsBucket, bucketEvents });
    expect(specOf(stack).sources).toEqual([{ bucket: 'models', folder: 'llm/' }]);
    const rules = JSON.stringify(resourcesOf(stack, 'AWS::Events::Rule'));
    expect(rules).toContain('"object":{"key":[{"prefix":"llm/"}]}');
  });

  test('can be read and listed by the role of the models, and nothing else can', () => {
    const stack = newStack();
    newEndpoint(stack, uncompressed);
    const [, folderOfA = ''] = FOLDER.exec(loads(stack, 'A')[0]!) ?? [];
    const [, folderOfB = ''] = FOLDER.exec(loads(stack, 'B')[0]!) ?? [];
    const { Statement } = propertiesOf(stack, 'AWS::S3::BucketPolicy', /FreshpointData/).PolicyDocument as {
      Statement: { Effect: string; Action: string; Resource: unknown; Condition?: { StringLike: object } }[];
    };
    const granted = Statement.filter(({ Effect }) => Effect === 'Allow');
    expect(granted.map(({ Action }) => Action)).toEqual(['s3:GetObject', 's3:ListBucket']);
    const [read, list] = granted;
    const arn = '<FreshpointData33F10FCE.Arn>';
    expect((read!.Resource as unknown[]).map(asText)).toEqual([`${arn}/${folderOfA}*`, `${arn}/${folderOfB}*`]);
    expect(list!.Condition?.StringLike).toEqual({ 's3:prefix': [`${folderOfA}*`, `${folderOfB}*`] });
  });

  test('in a given bucket can be read and listed by a policy of the role', () => {
    const stack = newStack();
    newEndpoint(stack, {
      ...uncompressed,
      modelData: ModelData.perSlot({ bucket: Bucket.fromBucketName(stack, 'Given', 'given') }),
    });
    const text = JSON.stringify(resourcesOf(stack, 'AWS::IAM::Policy'));
    expect(text).toContain('/a/0/*');
    expect(text).toMatch(
      /"s3:ListBucket","Condition":\{"StringLike":\{"s3:prefix":\["Test\/Iris\/slots\/[0-9a-f]{8}\/a\/0\/\*"\]/,
    );
  });

  test('may be read below its prefix, copied, and removed from slots by the refresher', () => {
    const stack = newStack();
    const bucket = Bucket.fromBucketName(stack, 'Given', 'given');
    newEndpoint(stack, { ...uncompressed, modelData: ModelData.perSlot({ bucket }) });
    const policies = Object.values(resourcesOf(stack, 'AWS::IAM::ManagedPolicy')).flatMap(
      ({ Properties }) =>
        (Properties.PolicyDocument as { Statement: { Action: string[]; Resource: unknown[] }[] }).Statement,
    );
    const allowed = (action: string) =>
      policies.filter(({ Action }) => Action.join() === action).flatMap(({ Resource }) => Resource.map(asText));
    expect(allowed('s3:GetObject')).toEqual(['arn:<AWS::Partition>:s3:::models/llm/*']);
    expect(allowed('s3:DeleteObject')).toEqual(
      ['revisions', 'slots'].map((folder) => `arn:<AWS::Partition>:s3:::given/Test/*/${folder}/*`),
    );
  });
});

describe('the two slots', () => {
  test('have models that differ only in the URLs of their data', () => {
    const stack = newStack();
    const more = {
      containerHostname: 'one',
      imageConfig: { repositoryAccessMode: 'Vpc' },
      inferenceSpecificationName: 'spec',
    };
    newEndpoint(stack, {
      model: {
        primaryContainer: container('s3://x/1.tar.gz', more),
        vpcConfig: { subnets: ['subnet'], securityGroupIds: ['group'] },
        tags: [{ key: 'team', value: 'flowers' }],
        newProperty: { deep: [{ deeper: 2 }] },
      },
    });
    const [a, b] = Object.values(resourcesOf(stack, 'AWS::SageMaker::Model')).map(({ Properties }) =>
      JSON.stringify(Properties),
    );
    expect(a).toContain('"RepositoryAccessMode":"Vpc"');
    expect(a).toContain('"NewProperty":{"Deep":[{"Deeper":2}]}');
    expect(a).toContain('/a/0/model.tar.gz');
    expect(b).toBe(a!.replace('/a/0/model.tar.gz', '/b/0/model.tar.gz'));
  });

  test('have configs whose variants, shadow variants and instance pools name the models of the slot', () => {
    const stack = newStack();
    const pools = [{ instanceType: 'ml.m5.large', priority: 1, modelNameOverride: 'M1' }];
    newEndpoint(stack, {
      modelsProps: models('s3://x/1.tar.gz', 's3://x/2.tar.gz'),
      config: {
        productionVariants: [{ variantName: 'all', modelName: 'M0', instancePools: pools }],
        shadowProductionVariants: [{ variantName: 'shadow', modelName: 'M1' }],
      },
    });
    const named = (slot: RegExp) =>
      JSON.stringify(propertiesOf(stack, 'AWS::SageMaker::EndpointConfig', slot)).match(/IrisModelsB?M\d/g);
    expect(named(/ConfigA/)).toHaveLength(3);
    expect([...named(/ConfigA/)!].sort()).toEqual(['IrisModelsM0', 'IrisModelsM1', 'IrisModelsM1']);
    expect([...named(/ConfigB/)!].sort()).toEqual(['IrisModelsBM0', 'IrisModelsBM1', 'IrisModelsBM1']);
  });
});

describe('stays in place:', () => {
  const uncompressed = (s3DataType: string, s3Uri: string) => ({
    image,
    modelDataSource: { s3DataSource: { s3Uri, s3DataType, compressionType: 'None' } },
  });
  test.each<[string, object]>([
    ['a multi-model container', container('s3://x/models/', { mode: 'MultiModel' })],
    ['a single uncompressed object', uncompressed('S3Object', 's3://x/m.bin')],
    ['a prefix', container('s3://x/models/')],
    ['a prefix without a slash at the end', uncompressed('S3Prefix', 's3://x/m')],
    ['a whole bucket', uncompressed('S3Prefix', 's3://x/')],
  ])('%s, with an info message', (why, primaryContainer) => {
    const stack = newStack();
    newEndpoint(stack, { model: { primaryContainer: primaryContainer as never } });
    expect(Object.keys(resourcesOf(stack, 'AWS::SageMaker::Model'))).toHaveLength(1);
    expect(specOf(stack).data).toBeUndefined();
    expect(infos(stack).join()).toContain(why);
  });

  test('a multi-model container beside an archive, and the spec is marked as partial', () => {
    const stack = newStack();
    newEndpoint(stack, withContainers(container('s3://x/1.tar.gz'), container('s3://x/m/', { mode: 'MultiModel' })));
    expect(loads(stack, 'B')).toEqual(['b/0', 's3://x/m/']);
    expect(specOf(stack).data).toMatchObject({ partial: true });
    expect(infos(stack).join()).toContain('containers[1]');
  });

  test('a model without archives, which both slots share', () => {
    const stack = newStack();
    const [one, two] = models('s3://x/1.tar.gz', 's3://x/m/');
    const endpoint = newEndpoint(stack, { modelsProps: [one!, two!], config: twoVariants });
    expect(endpoint.models).toHaveLength(3);
    expect(endpoint.modelsProps[1]!.cfnModelB === endpoint.modelsProps[1]!.cfnModel).toBe(true);
  });

  test('all model data with ModelData.inPlace()', () => {
    const stack = newStack();
    const endpoint = newEndpoint(stack, { modelData: ModelData.inPlace() });
    expect(endpoint.models).toHaveLength(1);
    expect(loads(stack, 'A')).toEqual(['s3://<Bucket83908E77>/models/iris.tar.gz']);
    expect(specOf(stack)).not.toHaveProperty('data');
    expect(propertiesOf(stack, 'Custom::FreshpointDeploymentGate')).not.toHaveProperty('Data');
    expect(infos(stack)).toEqual([]);
  });
});

const smokeTests = [
  { payload: '5.1,3.5', contentType: 'text/csv', expect: Expect.json({ predictions: ['setosa'] }) },
  {
    payload: '{}',
    contentType: 'application/json',
    accept: 'text/plain',
    expect: Expect.contains('ok'),
    timeout: Duration.seconds(40),
    tries: 1,
  },
];

describe('the spec', () => {
  test('contains the verification if it is full', () => {
    const stack = newStack();
    newEndpoint(stack, { verification: Verification.full() });
    expect(specOf(stack)).toMatchObject({ verification: 'full' });
    const plain = newStack();
    newEndpoint(plain, { verification: Verification.quick() });
    expect(specOf(plain)).not.toHaveProperty('verification');
  });

  test('contains the smoke tests, and only then may the refresher invoke the endpoint', () => {
    const stack = newStack();
    newEndpoint(stack, { smokeTests });
    expect(specOf(stack).smokeTests).toEqual([
      { payload: '5.1,3.5', contentType: 'text/csv', expect: { kind: 'json', value: { predictions: ['setosa'] } } },
      {
        payload: '{}',
        contentType: 'application/json',
        accept: 'text/plain',
        expect: { kind: 'contains', text: 'ok' },
        timeout: 40,
        tries: 1,
      },
    ]);
    const mayInvoke = (each: Stack) =>
      /InvokeEndpoint/.test(JSON.stringify(resourcesOf(each, 'AWS::IAM::ManagedPolicy')));
    expect(mayInvoke(stack)).toBe(true);
    const plain = newStack();
    newEndpoint(plain);
    expect(mayInvoke(plain)).toBe(false);
  });
});

describe('the construct rejects', () => {
  test.each<[string, Changes, RegExp]>([
    [
      'smoke tests with model data in place',
      { smokeTests, modelData: ModelData.inPlace() },
      /smokeTests are set, but no model has slot data/,
    ],
    [
      'smoke tests without slot data',
      { smokeTests, model: { primaryContainer: container('s3://x/m/') } },
      /smokeTests are set, but no model has slot data/,
    ],
    [
      'an empty payload',
      { smokeTests: [{ payload: '', contentType: 'text/csv' }] },
      /smokeTests\[0\]\.payload is empty/,
    ],
    [
      'a smoke test that outlives the function',
      { smokeTests: [{ payload: '1', contentType: 'text/csv', timeout: Duration.seconds(25) }] },
      /smokeTests\[0\]\.timeout is 25 seconds, for 2 tries 50 seconds, expected at most 40 seconds/,
    ],
    [
      'a timeout beyond what SageMaker gives a container',
      { smokeTests: [{ payload: '1', contentType: 'text/csv', timeout: Duration.seconds(61), tries: 1 }] },
      /smokeTests\[0\]\.timeout is 61 seconds, for 1 try/,
    ],
    [
      'a timeout of less than a second',
      { smokeTests: [{ payload: '1', contentType: 'text/csv', timeout: Duration.millis(500) }] },
      /smokeTests\[0\]\.timeout is 0\.5 seconds, expected at least 1 second/,
    ],
    [
      'no tries, and half a try',
      { smokeTests: [0, 1.5].map((tries) => ({ payload: '1', contentType: 'text/csv', tries })) },
      /smokeTests\[0\]\.tries is 0, expected a whole number, at least 1.*smokeTests\[1\]\.tries is 1\.5/s,
    ],
    [
      'smoke tests of more than 2,000 characters',
      { smokeTests: [{ payload: 'x'.repeat(2000), contentType: 'text/csv' }] },
      /expected at most 2000, because/,
    ],
    [
      'a smoke test that SSM would take for a reference to another parameter',
      { smokeTests: [{ payload: '{"prompt":"Hello {{name}}"}', contentType: 'application/json' }] },
      /smokeTests contain "\{\{", which SSM refuses .* write \\u007b for one of them\./,
    ],
    [
      'retainRevisions below the number of slots',
      { modelData: ModelData.perSlot({ retainRevisions: 1 }) },
      /retainRevisions of ModelData\.perSlot is 1, expected a whole number from 2 to 100/,
    ],
    [
      'retainRevisions above 100',
      { modelData: ModelData.perSlot({ retainRevisions: 101 }) },
      /retainRevisions of ModelData\.perSlot is 101/,
    ],
  ])('%s', (_, changes, message) => {
    expect(() => newEndpoint(newStack(), changes)).toThrow(message);
  });
});

test('problems with model data and smoke tests are in one error', () => {
  const stack = newStack();
  const changes = {
    modelData: ModelData.perSlot({ retainRevisions: 2.5 }),
    smokeTests: [{ payload: '', contentType: '' }],
  };
  expect(() => newEndpoint(stack, changes)).toThrow(
    /3 problems.*retainRevisions .* is 2\.5.*payload is empty.*contentType is empty/s,
  );
});

test('tokens are accepted', () => {
  const stack = newStack();
  const payload = `${Token.asString({ Ref: 'Payload' })}${'x'.repeat(2000)}`;
  const retainRevisions = Token.asNumber({ Ref: 'Retained' });
  newEndpoint(stack, {
    modelData: ModelData.perSlot({ retainRevisions }),
    smokeTests: [{ payload, contentType: 'text/csv', tries: Token.asNumber({ Ref: 'Tries' }) }],
  });
  expect(JSON.stringify(propertiesOf(stack, 'AWS::SSM::Parameter'))).toContain('{"Ref":"Retained"}');
});

test('the deployment gate gets the slot data of the spec', () => {
  const stack = newStack();
  newEndpoint(stack, { modelsBucket: newBucket(stack) });
  const data = JSON.parse(asText(propertiesOf(stack, 'Custom::FreshpointDeploymentGate').Data));
  expect(data).toEqual(specOf(stack).data);
});
