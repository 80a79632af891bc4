import { Aws, Fn, Lazy, type Stack } from 'aws-cdk-lib';
import { Annotations } from 'aws-cdk-lib/assertions';
import { Bucket, EventType } from 'aws-cdk-lib/aws-s3';
import type { CfnModelProps } from 'aws-cdk-lib/aws-sagemaker';
import { describe, expect, test } from 'vitest';
import { ModelData } from '../src/index';
import { newStack } from './support/apps.ts';
import { type Changes, executionRoleArn, image, Match, newBucket, newEndpoint, specOf } from './support/stacks.ts';

type Model = Partial<CfnModelProps>;
type ModelOf = (bucket: string) => Model;

const primary = (container: object): Model => ({ primaryContainer: { image, ...container } });
const prefixSource = (s3DataType: string, s3Uri: string) =>
  primary({ modelDataSource: { s3DataSource: { s3DataType, s3Uri, compressionType: 'None' } } });

function sourcesOf(changes: Changes, stack: Stack = newStack()): unknown {
  newEndpoint(stack, changes);
  return specOf(stack).sources;
}

describe('sources of the models', () => {
  test.each<[string, ModelOf, object[]]>([
    ['an object', (b) => primary({ modelDataUrl: `s3://${b}/a/m.tar.gz` }), [{ key: 'a/m.tar.gz' }]],
    ['a folder', (b) => primary({ modelDataUrl: `s3://${b}/a/` }), [{ prefix: 'a/' }]],
    ['a whole bucket', (b) => primary({ modelDataUrl: `s3://${b}` }), [{ prefix: '' }]],
    [
      'the prefix of a multi-model container',
      (b) => primary({ mode: 'MultiModel', modelDataUrl: `s3://${b}/a` }),
      [{ prefix: 'a' }],
    ],
    ['an S3Prefix', (b) => prefixSource('S3Prefix', `s3://${b}/a/`), [{ folder: 'a/' }]],
    ['an S3Prefix that is no folder', (b) => prefixSource('S3Prefix', `s3://${b}/a`), [{ prefix: 'a' }]],
    ['an S3Object', (b) => prefixSource('S3Object', `s3://${b}/a/m.bin`), [{ key: 'a/m.bin' }]],
    [
      'several containers, each source once',
      (b) => ({
        primaryContainer: undefined,
        containers: ['x', 'y', 'x'].map((key) => ({ image, modelDataUrl: `s3://${b}/${key}.tar.gz` })),
      }),
      [{ key: 'x.tar.gz' }, { key: 'y.tar.gz' }],
    ],
    [
      'a key with tokens',
      (b) => primary({ modelDataUrl: `s3://${b}/${Aws.REGION}/m.tar.gz` }),
      [{ key: '<AWS::Region>/m.tar.gz' }],
    ],
    [
      'a URL built by Fn::Join',
      (b) => primary({ modelDataUrl: Fn.join('', ['s3://', b, '/a/m.tar.gz']) }),
      [{ key: 'a/m.tar.gz' }],
    ],
    [
      'an https URL built by Fn::Join',
      (b) => primary({ modelDataUrl: Fn.join('', ['https://', b, '.s3.amazonaws.com/a/m.tar.gz']) }),
      [{ key: 'a/m.tar.gz' }],
    ],
    [
      'an https URL of an S3Prefix',
      (b) => prefixSource('S3Prefix', `https://${b}.s3.eu-central-1.amazonaws.com/a/`),
      [{ folder: 'a/' }],
    ],
  ])('%s', (_, model, expected) => {
    const stack = newStack();
    const sources = sourcesOf({ model: model(newBucket(stack).bucketName) }, stack);
    expect(sources).toEqual(expected.map((each) => ({ bucket: '<Bucket83908E77>', ...each })));
  });

  test.each([
    'https://my.models.s3.us-east-1.amazonaws.com/a/m.tar.gz',
    'https://my.models.s3-us-gov-west-1.amazonaws.com/a/m.tar.gz',
    'https://my.models.s3.amazonaws.com/a/m.tar.gz',
    'https://my.models.s3.dualstack.us-east-1.amazonaws.com/a/m.tar.gz',
    'https://my.models.s3.cn-north-1.amazonaws.com.cn/a/m.tar.gz',
    'https://s3.us-east-1.amazonaws.com/my.models/a/m.tar.gz',
    'https://s3-us-east-1.amazonaws.com/my.models/a/m.tar.gz',
    'https://s3.amazonaws.com/my.models/a/m.tar.gz',
    'https://s3.dualstack.us-east-1.amazonaws.com/my.models/a/m.tar.gz',
    'https://s3.cn-north-1.amazonaws.com.cn/my.models/a/m.tar.gz',
  ])('are read from %s', (url) => {
    expect(sourcesOf({ model: primary({ modelDataUrl: url }) })).toEqual([{ bucket: 'my.models', key: 'a/m.tar.gz' }]);
  });

  test.each<[string, (bucket: Bucket) => string]>([
    ['urlForObject', (bucket) => bucket.urlForObject('a/m.tar.gz')],
    ['virtualHostedUrlForObject', (bucket) => bucket.virtualHostedUrlForObject('a/m.tar.gz')],
    ['s3UrlForObject', (bucket) => bucket.s3UrlForObject('a/m.tar.gz')],
  ])('are read from %s of a bucket', (_, urlOf) => {
    const stack = newStack();
    const sources = sourcesOf({ model: primary({ modelDataUrl: urlOf(newBucket(stack)) }) }, stack);
    expect(sources).toEqual([{ bucket: '<Bucket83908E77>', key: 'a/m.tar.gz' }]);
  });

  test('of several models, in their order', () => {
    const props = (key: string) => ({ executionRoleArn, primaryContainer: { image, modelDataUrl: `s3://b/${key}` } });
    expect(
      sourcesOf({
        modelsProps: [
          { modelName: 'x', props: props('x.tar.gz') },
          { modelName: 'y', props: props('y.tar.gz') },
        ],
        config: { productionVariants: [{ variantName: 'v', modelName: 'x' }] },
      }),
    ).toEqual([
      { bucket: 'b', key: 'x.tar.gz' },
      { bucket: 'b', key: 'y.tar.gz' },
    ]);
  });
});

describe('sources of key filters', () => {
  const events = (...keyFilters: object[]) => ({ bucketEvents: [{ eventType: EventType.OBJECT_CREATED, keyFilters }] });
  const archive = { bucket: '<Bucket83908E77>', key: 'models/iris.tar.gz' };

  test('are a prefix with its suffix', () => {
    expect(sourcesOf(events({ prefix: 'models/', suffix: '.tar.gz' }))).toEqual([
      archive,
      { bucket: '<Bucket83908E77>', prefix: 'models/', suffix: '.tar.gz' },
    ]);
  });

  test('do not include a suffix without a prefix', () => {
    expect(sourcesOf(events({ suffix: '.tar.gz' }))).toEqual([archive]);
  });

  test('do not include a prefix equal to the key of an object source', () => {
    expect(sourcesOf(events({ prefix: 'models/iris.tar.gz' }))).toEqual([archive]);
  });

  test('are sufficient if the models have none', () => {
    expect(sourcesOf({ model: primary({}), ...events({ prefix: 'models/' }) })).toEqual([
      { bucket: '<Bucket83908E77>', prefix: 'models/' },
    ]);
  });
});

describe('a warning is added for', () => {
  const warningsOf = (changes: Changes, stack = newStack()) => {
    newEndpoint(stack, changes);
    return Annotations.fromStack(stack)
      .findWarning('/Test/Iris', Match.anyValue())
      .map(({ entry }) => entry.data as string)
      .filter((text) => !text.includes("is in the endpoint's own stack"));
  };
  const watched = { bucketEvents: [{ eventType: EventType.OBJECT_CREATED, keyFilters: [{ prefix: 'models/' }] }] };

  test.each<[string, (stack: Stack) => Model, RegExp]>([
    [
      'a URL that is a token',
      () => primary({ modelDataUrl: Fn.importValue('url') }),
      /modelDataUrl in primaryContainer of model "Model1" is a token that hides bucket and key/,
    ],
    ...[
      'https://x/y',
      'http://models.s3.us-east-1.amazonaws.com/m.tar.gz',
      'https://models.s3-website-us-east-1.amazonaws.com/m.tar.gz',
      'https://models.s3.us-east-1.amazonaws.com.example.com/m.tar.gz',
      'https://models.s3.us-east-1.amazonaws.com/my%20model.tar.gz',
      'https://models.s3.us-east-1.amazonaws.com/m.tar.gz?versionId=1',
    ].map((url): [string, () => Model, RegExp] => [
      `the URL ${url}`,
      () => primary({ modelDataUrl: url }),
      new RegExp(`modelDataUrl .* is "${url.replaceAll(/[.?]/g, '\\$&')}", expected s3:`),
    ]),
    [
      'a container that is a token',
      () => ({ primaryContainer: Lazy.any({ produce: () => ({ image }) }) }),
      /primaryContainer of model "Model1" is a token/,
    ],
    [
      'containers that are a token',
      () => ({ primaryContainer: undefined, containers: Lazy.any({ produce: () => [{ image }] }) }),
      /containers of model "Model1" is a token/,
    ],
    [
      'a data source that is a token',
      () =>
        primary({
          modelDataSource: Lazy.any({
            produce: () => ({ s3DataSource: { s3DataType: 'S3Prefix', s3Uri: 's3://b/', compressionType: 'None' } }),
          }),
        }),
      /modelDataSource in primaryContainer of model "Model1" is a token/,
    ],
    [
      'data in another bucket of the app',
      (stack) => primary({ modelDataUrl: `s3://${new Bucket(stack, 'Other').bucketName}/models/m.tar.gz` }),
      /is not in modelsBucket/,
    ],
    [
      'data that no key filter matches',
      (stack) => primary({ modelDataUrl: `s3://${newBucket(stack).bucketName}/other/m.tar.gz` }),
      /No bucket event .* matches the model data .* use ModelSource\.newestBelow/,
    ],
  ])('%s', (_, model, text) => {
    const stack = newStack();
    expect(warningsOf({ model: model(stack), ...watched }, stack)).toEqual([expect.stringMatching(text)]);
  });

  test('data outside an imported modelsBucket', () => {
    const stack = newStack();
    const modelsBucket = Bucket.fromBucketName(stack, 'Imported', 'models');
    const warnings = warningsOf({ modelsBucket, model: primary({ modelDataUrl: 's3://other/m.tar.gz' }) }, stack);
    expect(warnings).toContainEqual(
      expect.stringContaining('s3://other/m.tar.gz is not in modelsBucket (Test/Imported)'),
    );
  });

  test('uncompressed files in place that do not match the default filter for archives', () => {
    const stack = newStack();
    const model = prefixSource('S3Prefix', `s3://${newBucket(stack).bucketName}/a/`);
    expect(warningsOf({ model, modelData: ModelData.inPlace() }, stack)).toEqual([
      expect.stringContaining('omit the suffix'),
    ]);
  });

  test('a folder outside modelsBucket, whose events may not be delivered', () => {
    const stack = newStack();
    const model = prefixSource('S3Prefix', `s3://${new Bucket(stack, 'Other').bucketName}/a/`);
    expect(warningsOf({ model }, stack)).toEqual([expect.stringContaining('is not in modelsBucket')]);
  });

  test('bucket events without created objects', () => {
    expect(warningsOf({ bucketEvents: [{ eventType: EventType.OBJECT_REMOVED }] })).toHaveLength(1);
  });

  test.each<[string, (stack: Stack) => Changes]>([
    [
      'a URL with the physical name of the bucket',
      (stack) => ({
        modelsBucket: new Bucket(stack, 'Named', { bucketName: 'named' }),
        model: primary({ modelDataUrl: 's3://named/m.tar.gz' }),
      }),
    ],
    [
      'archives of a multi-model container below a prefix',
      (stack) => ({
        model: primary({ mode: 'MultiModel', modelDataUrl: `s3://${newBucket(stack).bucketName}/many/` }),
      }),
    ],
    [
      'a folder, whose uploads its own pattern detects',
      (stack) => ({ model: prefixSource('S3Prefix', `s3://${newBucket(stack).bucketName}/a/`) }),
    ],
    [
      'a key filter below the prefix of a source',
      (stack) => ({
        model: prefixSource('S3Prefix', `s3://${newBucket(stack).bucketName}/mod`),
        ...watched,
      }),
    ],
    [
      'a bucket name that is a token and may be the same',
      () => ({
        model: primary({ modelDataUrl: `s3://${Fn.importValue('bucket')}/models/m.tar.gz` }),
      }),
    ],
  ])('but not for %s', (_, changes) => {
    const stack = newStack();
    expect(warningsOf(changes(stack), stack)).toEqual([]);
  });
});
