import { compilePattern } from '@freshpoint/simulator/events/event-pattern';
import { Annotations } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, EventType, type IBucket } from 'aws-cdk-lib/aws-s3';
import { CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import { describe, expect, test } from 'vitest';
import { ModelData, ModelSource, type NewestBelowOptions } from '../src/index';
import { newStack } from './support/apps.ts';
import {
  asText,
  type Changes,
  executionRoleArn,
  image,
  newBucket,
  newEndpoint,
  ofSlotA,
  propertiesOf,
  resourcesOf,
  specOf,
  Template,
} from './support/stacks.ts';

const jobs: NewestBelowOptions = { prefix: 'jobs/', suffix: '/output/model.tar.gz' };
const key = 'jobs/42/output/model.tar.gz';

function withNewest(changes: Changes & { readonly bucket?: IBucket; readonly options?: NewestBelowOptions } = {}) {
  const { bucket, options = jobs, ...rest } = changes;
  const stack = (bucket?.stack ?? newStack()) as ReturnType<typeof newStack>;
  const source = ModelSource.newestBelow(bucket ?? newBucket(stack), options);
  newEndpoint(stack, { model: { primaryContainer: { image, modelDataUrl: source.modelDataUrl } }, ...rest });
  return stack;
}

const patternsOf = (stack: ReturnType<typeof newStack>) =>
  (propertiesOf(stack, 'AWS::Events::Rule').EventPattern as { $or: unknown[] }).$or;

describe('a model that is the newest archive below a prefix', () => {
  test('loads the copy of its slot', () => {
    const stack = withNewest();
    const { PrimaryContainer } = propertiesOf(stack, 'AWS::SageMaker::Model', ofSlotA) as {
      PrimaryContainer: { ModelDataUrl: unknown };
    };
    expect(asText(PrimaryContainer.ModelDataUrl)).toMatch(/\/slots\/[0-9a-f]{8}\/a\/0\/model\.tar\.gz$/);
  });

  test('is a source and a copied file of the spec', () => {
    const spec = specOf(withNewest());
    const newest = { bucket: '<Bucket83908E77>', newestBelow: 'jobs/', suffix: '/output/model.tar.gz' };
    expect(spec).toMatchObject({ sources: [newest], data: { files: [newest] } });
    expect(specOf(withNewest({ options: {} }))).toMatchObject({ waitTime: 60, maxWaitTime: 300 });
    expect(specOf(withNewest({ options: {} }))).toMatchObject({ sources: [{ newestBelow: '', suffix: '.tar.gz' }] });
  });

  test('is read by the refresher, and nothing beside it', () => {
    const text = JSON.stringify(resourcesOf(withNewest(), 'AWS::IAM::ManagedPolicy'));
    expect(text).toContain('/jobs/*/output/model.tar.gz');
    expect(text).not.toContain('/jobs/*"');
  });

  test('is served from a bucket of its own, whose events and key are used too', () => {
    const stack = newStack();
    const encryptionKey = new Key(stack, 'Key');
    const bucket = new Bucket(stack, 'Jobs', { encryptionKey });
    withNewest({ bucket, modelsBucket: new Bucket(stack, 'Models') });
    const template = Template.fromStack(stack);
    template.resourceCountIs('Custom::S3BucketNotifications', 2);
    expect(JSON.stringify(template.findResources('AWS::IAM::ManagedPolicy'))).toContain('"kms:Decrypt"');
  });

  test.each([
    ['no bucket event matches', [{ eventType: EventType.OBJECT_CREATED, keyFilters: [{ prefix: 'other/' }] }], 3],
    [
      'an event matches some of its keys',
      [{ eventType: EventType.OBJECT_CREATED, keyFilters: [{ prefix: 'jobs/4' }] }],
      3,
    ],
    ['an event matches some uploads', [{ eventType: EventType.OBJECT_CREATED_COPY }], 3],
    ['an event matches all of them', [{ eventType: EventType.OBJECT_CREATED, keyFilters: [{ prefix: 'jobs/' }] }], 2],
  ])('is watched once where %s', (_, bucketEvents, count) => {
    const stack = newStack();
    const bucket = Bucket.fromBucketName(stack, 'Imported', 'models');
    const patterns = patternsOf(withNewest({ bucket, modelsBucket: bucket, bucketEvents }));
    expect(patterns).toHaveLength(count);
    const event = {
      source: 'aws.s3',
      'detail-type': 'Object Created',
      detail: { bucket: { name: 'models' }, object: { key }, reason: 'PutObject' },
    };
    expect(patterns.slice(0, -1).filter((pattern) => compilePattern(pattern)(event))).not.toHaveLength(0);
  });

  test('is watched without a warning of undetected uploads', () => {
    const stack = withNewest({ bucketEvents: [] });
    expect(Annotations.fromStack(stack).findWarning('*', 'dataOutside')).toEqual([]);
  });

  test('can be one of several containers', () => {
    const stack = newStack();
    const bucket = newBucket(stack);
    const { modelDataUrl } = ModelSource.newestBelow(bucket, jobs);
    const fixed = `s3://${bucket.bucketName}/features.tar.gz`;
    const containers = [fixed, modelDataUrl].map((url) => ({ image, modelDataUrl: url }));
    newEndpoint(stack, { model: { primaryContainer: undefined, containers } });
    expect(specOf(stack)).toMatchObject({ data: { files: [{ key: 'features.tar.gz' }, { newestBelow: 'jobs/' }] } });
    expect(specOf(stack)).not.toHaveProperty('maxWaitTime');
  });
});

describe('a model that a pointer names', () => {
  function withPointer(changes: Changes = {}, targetBuckets?: (stack: ReturnType<typeof newStack>) => IBucket[]) {
    const stack = newStack();
    const bucket = newBucket(stack);
    const options = targetBuckets && { targetBuckets: targetBuckets(stack) };
    const { modelDataUrl } = ModelSource.pointer(bucket, 'current.txt', options);
    newEndpoint(stack, { model: { primaryContainer: { image, modelDataUrl } }, ...changes });
    return stack;
  }

  test('is a source and a copied file of the spec, with the buckets that it may name', () => {
    const pointer = { bucket: '<Bucket83908E77>', pointer: 'current.txt', targets: ['<Bucket83908E77>'] };
    expect(specOf(withPointer())).toMatchObject({ sources: [pointer], data: { files: [pointer] } });
  });

  test('is read from its target buckets, whose keys decrypt, and from no other bucket', () => {
    const stack = withPointer({}, (scope) => [
      new Bucket(scope, 'Target', { encryptionKey: new Key(scope, 'Key') }),
      Bucket.fromBucketName(scope, 'Other', 'other'),
    ]);
    const text = JSON.stringify(resourcesOf(stack, 'AWS::IAM::ManagedPolicy'));
    expect(text).toContain('/current.txt');
    expect(text).toMatch(/:s3:::other\/\*"/);
    expect(text).toMatch(/Target[0-9A-F]+","Arn"\]|Ref":"Target[0-9A-F]+"\},"\/\*"/);
    expect(text).toContain('"kms:Decrypt"');
    expect(text).not.toMatch(/Ref":"Bucket83908E77"\},"\/\*"/);
  });

  test('is watched by the pointer’s own event pattern', () => {
    const patterns = JSON.stringify(patternsOf(withPointer()));
    expect(patterns).toContain('"object":{"key":["current.txt"]}');
  });

  test.each(['', '/current.txt', 's3://models/current.txt'])('has a pointer with a key, not "%s"', (pointer) => {
    const stack = newStack();
    const { modelDataUrl } = ModelSource.pointer(newBucket(stack), pointer);
    expect(() => newEndpoint(stack, { model: { primaryContainer: { image, modelDataUrl } } })).toThrow(
      `with the key "${pointer}", expected a key in its bucket`,
    );
  });
});

describe('a ModelSource is refused', () => {
  const url = (stack: ReturnType<typeof newStack>, options = jobs) =>
    ModelSource.newestBelow(newBucket(stack), options).modelDataUrl;

  test('with data in place', () => {
    expect(() => withNewest({ modelData: ModelData.inPlace() })).toThrow(
      'modelDataUrl in primaryContainer of model "Model1" is that of a ModelSource, but modelData is ' +
        'ModelData.inPlace(). What a ModelSource chooses has no fixed URL, so it is served from copies. Use it with ' +
        'ModelData.perSlot() as modelDataUrl of a single-model container.',
    );
  });

  test('in a multi-model container', () => {
    const stack = newStack();
    const primaryContainer = { image, mode: 'MultiModel', modelDataUrl: url(stack) };
    expect(() => newEndpoint(stack, { model: { primaryContainer } })).toThrow('but the container is a multi-model one');
  });

  test('as uncompressed data', () => {
    const stack = newStack();
    const s3DataSource = { s3DataType: 'S3Prefix', compressionType: 'None', s3Uri: url(stack) };
    const primaryContainer = { image, modelDataSource: { s3DataSource } };
    expect(() => newEndpoint(stack, { model: { primaryContainer } })).toThrow('it is not the only archive');
  });

  test('with a URL as prefix', () => {
    expect(() => withNewest({ options: { prefix: 's3://models/jobs/' } })).toThrow(
      'with the prefix "s3://models/jobs/", expected a prefix in its bucket',
    );
  });

  test('in a model of its own', () => {
    const stack = newStack();
    new CfnModel(stack, 'Own', { executionRoleArn, primaryContainer: { image, modelDataUrl: url(stack) } });
    expect(() => Template.fromStack(stack)).toThrow('expected modelDataUrl of a container in modelsProps');
  });
});

describe('a marker', () => {
  test('is in the spec, is read, and is watched', () => {
    const stack = newStack();
    newEndpoint(stack, { marker: 'models/_SUCCESS' });
    expect(specOf(stack)).toMatchObject({
      sources: [{ key: 'models/iris.tar.gz' }, { bucket: '<Bucket83908E77>', marker: 'models/_SUCCESS' }],
      data: { files: [{ key: 'models/iris.tar.gz' }] },
    });
    expect(JSON.stringify(patternsOf(stack))).toContain('"object":{"key":["models/_SUCCESS"]}');
    expect(JSON.stringify(resourcesOf(stack, 'AWS::IAM::ManagedPolicy'))).toContain('/models/_SUCCESS');
  });

  test('is no source of its own', () => {
    const stack = newStack();
    expect(() =>
      newEndpoint(stack, { marker: '_SUCCESS', model: { primaryContainer: { image } }, bucketEvents: [] }),
    ).toThrow('There is no source to watch');
  });

  test.each(['', '/_SUCCESS', 's3://models/_SUCCESS'])('is a key, not "%s"', (marker) => {
    expect(() => newEndpoint(newStack(), { marker })).toThrow(`marker is "${marker}", expected a key in modelsBucket.`);
  });

  test('of a wrong type is refused', () => {
    expect(() => newEndpoint(newStack(), { marker: 7 as never })).toThrow('marker is 7, expected a text.');
  });
});
