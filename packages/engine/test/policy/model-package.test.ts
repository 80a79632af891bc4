import { type PackageContainer, type PackageSource, uriOf } from '@freshpoint/cdk/contract';
import { describe, expect, test } from 'vitest';
import { modelDataOf, newestPackage, type PackagedContainer } from '../../src/policy/model-package.ts';
import { describeMissing } from '../../src/policy/source-object.ts';

const arn = 'arn:aws:sagemaker:us-east-1:000000000000:model-package/iris/7';
const only = { index: 0, count: 1 };
const source = (container: PackageContainer = only): PackageSource => ({
  packageGroup: 'iris',
  container,
  targets: ['models', 'archive'],
});
const archive = (url: string, hostname?: string): PackagedContainer => ({ url, format: 'archive', hostname });
const read = (container: PackageContainer, ...containers: readonly PackagedContainer[]) =>
  modelDataOf(source(container), { arn, lastModified: 1, containers });

describe('the newest package', () => {
  test('is the completed one with the highest version', () => {
    const listed = [
      ['2', 'Completed'],
      ['10', 'Completed'],
      ['9', 'Completed'],
      ['11', 'InProgress'],
      ['12', 'Failed'],
    ].map(([version = '', status = '']) => ({ arn: version, version: Number(version), status }));
    expect(newestPackage(listed)?.version).toBe(10);
    expect(newestPackage(listed.slice(3))).toBeUndefined();
  });
});

describe('the model data of a package', () => {
  test.each([
    's3://models/v7/model.tar.gz',
    'https://models.s3.us-east-1.amazonaws.com/v7/model.tar.gz',
    'https://models.s3.dualstack.us-east-1.amazonaws.com/v7/model.tar.gz',
    'https://s3.amazonaws.com/models/v7/model.tar.gz',
    'https://s3.cn-north-1.amazonaws.com.cn/models/v7/model.tar.gz',
  ])('is at %s', (url) => {
    expect(read(only, archive(url))).toEqual({ bucket: 'models', key: 'v7/model.tar.gz' });
  });

  test('is that of the container at the same position', () => {
    const containers = [archive('s3://models/a'), archive('s3://archive/b')];
    expect(read({ index: 0, count: 2 }, ...containers)).toEqual({ bucket: 'models', key: 'a' });
    expect(read({ index: 1, count: 2, hostname: 'b' }, ...containers)).toEqual({ bucket: 'archive', key: 'b' });
  });

  test('is that of the container with the same ContainerHostname, where the package has some', () => {
    const containers = [archive('s3://models/a', 'second'), archive('s3://models/b', 'first')];
    expect(read({ index: 0, count: 2, hostname: 'first' }, ...containers)).toEqual({ bucket: 'models', key: 'b' });
    expect(read({ index: 0, count: 2 }, ...containers)).toEqual({ bucket: 'models', key: 'a' });
    expect(read({ index: 0, count: 2, hostname: 'third' }, ...containers)).toBe(
      `The package ${arn} has no container with the ContainerHostname third, but second, first. Approve a package that ` +
        'matches, or deploy a model with its containers.',
    );
  });

  test.each([
    ['fewer containers', { index: 1, count: 2 }, [archive('s3://models/a')], 'has 1 containers, but the model has 2.'],
    [
      'more containers',
      only,
      [archive('s3://models/a'), archive('s3://models/b')],
      'has 2 containers, but the model has 1.',
    ],
    ['no containers', only, [], 'has 0 containers, but the model has 1.'],
    ['no model data', only, [{ format: 'archive' }], 'has no model data for model-package-group/iris.'],
    [
      'uncompressed data',
      only,
      [{ format: 'uncompressed', url: 's3://models/v7/' }],
      'has model data uncompressed, at s3://models/v7/, expected one .tar.gz archive in S3.',
    ],
    ['a prefix', only, [archive('s3://models/v7/')], 'has model data at s3://models/v7/, expected one .tar.gz archive'],
    [
      'a key that S3 does not take',
      only,
      [archive(`s3://models/${'é'.repeat(513)}`)],
      'has model data at s3://models/é',
    ],
    ['another URL', only, [archive('https://example.com/m.tar.gz')], 'has model data at https://example.com/m.tar.gz,'],
    [
      'another bucket',
      only,
      [archive('s3://secrets/m.tar.gz')],
      'has model data in the bucket secrets, expected one of: models, archive.',
    ],
  ] as const)('with %s is refused with the reason', (_, container, containers, reason) => {
    expect(read(container, ...containers)).toContain(`The package ${arn} ${reason}`);
  });
});

describe('a package source', () => {
  test.each([
    [only, 'model-package-group/iris'],
    [{ index: 1, count: 2 }, 'model-package-group/iris#2 of 2'],
    [{ index: 1, count: 2, hostname: 'features' }, 'model-package-group/iris#features'],
  ])('%j is called %s', (container, text) => {
    expect(uriOf(source(container))).toBe(text);
  });

  test('in another account is called by the ARN of its group', () => {
    const packageGroup = 'arn:aws:sagemaker:us-east-1:111111111111:model-package-group/iris';
    expect(uriOf({ ...source(), packageGroup })).toBe(packageGroup);
  });

  test('without an approved package is missing, each group once', () => {
    const uris = [
      { index: 0, count: 2 },
      { index: 1, count: 2 },
    ].map((container) => uriOf(source(container)));
    expect(describeMissing(uris)).toBe('There is no approved package in model-package-group/iris: approve one.');
    expect(describeMissing(['s3://models/a', ...uris], 'Upload it.')).toBe(
      'There is no object at s3://models/a. Upload it. There is no approved package in model-package-group/iris: ' +
        'approve one.',
    );
  });
});
