import { beforeEach, describe, expect, it } from 'vitest';
import { defaultAccount } from '../../src/core/account.ts';
import { Cloud, root } from '../../src/core/cloud.ts';
import { seededIds } from '../../src/core/ids.ts';
import { VirtualClock } from '../../src/core/virtual-clock.ts';
import { createSsm, type Ssm } from '../../src/ssm/ssm.ts';

let ssm: Ssm;
let cloud: Cloud;
const call = (operation: string, input: object) => cloud.call('ssm', operation, input, root(defaultAccount));
const put = (Name: string, Value: string, more: object = {}) =>
  call('PutParameter', { Name, Value, Type: 'String', ...more });
const names = (result: { Parameters: { Name: string }[] }) => result.Parameters.map(({ Name }) => Name);

beforeEach(() => {
  cloud = new Cloud();
  ssm = createSsm({ account: defaultAccount, clock: new VirtualClock(), ids: seededIds(1), cloud });
  cloud.register(ssm.service);
});

describe('a parameter', () => {
  it('is returned as it was written', async () => {
    expect(await put('/a/b', 'x')).toEqual({ Version: 1, Tier: 'Standard' });
    expect(await call('GetParameter', { Name: '/a/b' })).toEqual({
      Parameter: {
        Name: '/a/b',
        Type: 'String',
        Value: 'x',
        Version: 1,
        LastModifiedDate: new Date('2026-01-01T00:00:00Z'),
        ARN: 'arn:aws:ssm:us-east-1:000000000000:parameter/a/b',
        DataType: 'text',
      },
    });
  });

  it('is overwritten only on request, with a new version', async () => {
    await put('/a', '1');
    await expect(put('/a', '2')).rejects.toMatchObject({ code: 'ParameterAlreadyExists' });
    expect(await call('PutParameter', { Name: '/a', Value: '2', Overwrite: true })).toMatchObject({ Version: 2 });
    const value = async (Name: string) => (await call('GetParameter', { Name })).Parameter.Value;
    expect([await value('/a'), await value('/a:1'), await value('/a:2')]).toEqual(['2', '1', '2']);
    await expect(value('/a:3')).rejects.toMatchObject({ code: 'ParameterVersionNotFound' });
  });

  it('is found by its ARN', async () => {
    await put('/a/b', '1');
    await put('plain', '2');
    const value = async (Name: string) => (await call('GetParameter', { Name })).Parameter.Value;
    expect(await value('arn:aws:ssm:us-east-1:000000000000:parameter/a/b')).toBe('1');
    expect(await value('arn:aws:ssm:us-east-1:000000000000:parameter/plain')).toBe('2');
  });

  it('is the same with a slash before its name, and without', async () => {
    await put('/slash', '1');
    await expect(put('slash', '2')).rejects.toMatchObject({ code: 'ParameterAlreadyExists' });
    expect((await call('GetParameter', { Name: 'slash' })).Parameter).toMatchObject({ Name: 'slash', Value: '1' });
    await call('AddTagsToResource', {
      ResourceType: 'Parameter',
      ResourceId: 'slash',
      Tags: [{ Key: 'k', Value: 'v' }],
    });
    await call('DeleteParameter', { Name: 'slash' });
    await expect(call('GetParameter', { Name: '/slash' })).rejects.toMatchObject({ code: 'ParameterNotFound' });
  });

  it('is not sought by a name that none can have', async () => {
    await put('/a/b', '1');
    for (const Name of ['/a//b', 'a/b']) {
      await expect(call('GetParameter', { Name })).rejects.toMatchObject({ code: 'ValidationException' });
    }
  });

  it('keeps its history', async () => {
    await put('/a', '1');
    await put('/a', '2', { Overwrite: true });
    const { Parameters } = await call('GetParameterHistory', { Name: '/a' });
    expect(Parameters).toMatchObject([
      { Version: 1, Value: '1' },
      { Version: 2, Value: '2' },
    ]);
  });

  it('gets the tier that its size needs', async () => {
    const long = 'x'.repeat(4097);
    await expect(put('/a', long)).rejects.toThrow(
      'Standard tier parameters support a maximum parameter value of 4096 characters.',
    );
    expect(await put('/a', 'x'.repeat(4096), { Tier: 'Intelligent-Tiering' })).toMatchObject({ Tier: 'Standard' });
    const again = { Tier: 'Intelligent-Tiering', Overwrite: true };
    expect(await put('/a', long, again)).toMatchObject({ Tier: 'Advanced' });
    expect(await put('/a', 'x', again)).toMatchObject({ Tier: 'Advanced' });
    expect(await put('/a', 'x', { Overwrite: true })).toMatchObject({ Tier: 'Advanced' });
    await expect(put('/a', 'x', { Tier: 'Standard', Overwrite: true })).rejects.toThrow("You can't downgrade");
    await expect(put('/b', 'x'.repeat(8193), { Tier: 'Advanced' })).rejects.toThrow('8192 characters');
  });

  it.each<[string, object, string]>([
    ['a name with a space', { Name: 'a b' }, 'ValidationException'],
    ['a path without a slash before it', { Name: 'a/b' }, 'ValidationException'],
    ['a name of AWS', { Name: 'aws_x' }, 'ValidationException'],
    ['a path of AWS', { Name: '/aws/x' }, 'AccessDeniedException'],
    ['a path of SSM', { Name: '/ssm/x' }, 'ValidationException'],
    ['too many levels', { Name: '/a'.repeat(16) }, 'HierarchyLevelLimitExceededException'],
    ['an empty value', { Value: '' }, 'ValidationException'],
    ['no type', { Type: undefined }, 'ValidationException'],
    ['a SecureString', { Type: 'SecureString' }, 'UnsupportedParameterType'],
    ['a pattern that is malformed', { AllowedPattern: '(' }, 'InvalidAllowedPatternException'],
    [
      'a pattern that takes too long',
      { Value: `${'a'.repeat(40)}b`, AllowedPattern: '^(a+)+$' },
      'InvalidAllowedPatternException',
    ],
    ['a value that does not fit the pattern', { AllowedPattern: '^\\d+$' }, 'ParameterPatternMismatchException'],
  ])('is refused with %s', async (_name, more, code) => {
    await expect(put('/a', 'x', more)).rejects.toMatchObject({ code });
    await expect(call('GetParameter', { Name: '/a' })).rejects.toMatchObject({ code: 'ParameterNotFound' });
  });

  it('starts anew after it was deleted', async () => {
    await put('/a', '1');
    await call('DeleteParameter', { Name: '/a' });
    await expect(call('DeleteParameter', { Name: '/a' })).rejects.toMatchObject({ code: 'ParameterNotFound' });
    expect(await put('/a', '1')).toMatchObject({ Version: 1 });
  });

  it('has tags', async () => {
    await put('/a', '1', { Tags: [{ Key: 'k', Value: 'v' }] });
    const resource = { ResourceType: 'Parameter', ResourceId: '/a' };
    await call('AddTagsToResource', { ...resource, Tags: [{ Key: 'l', Value: 'w' }] });
    await call('RemoveTagsFromResource', { ...resource, TagKeys: ['k'] });
    expect(await call('ListTagsForResource', resource)).toEqual({ TagList: [{ Key: 'l', Value: 'w' }] });
    await expect(call('ListTagsForResource', { ...resource, ResourceId: '/b' })).rejects.toMatchObject({
      code: 'InvalidResourceId',
    });
    await expect(call('ListTagsForResource', { ...resource, ResourceType: 'x' })).rejects.toMatchObject({
      code: 'InvalidResourceType',
    });
  });

  it.each([
    ['type', { Type: 'Text' }, /at 'type' failed to satisfy constraint/],
    ['data type', { DataType: 'Text' }, /The following data type is not supported: Text/],
  ])('has a known %s', async (_, more, message) => {
    await expect(put('/a', '1', more)).rejects.toThrow(message);
  });
});

describe('many parameters', () => {
  beforeEach(async () => {
    for (const name of ['/a/x', '/a/y', '/a/deep/z', '/ab', '/b']) await put(name, name);
  });

  it('are returned by name, with those that do not exist', async () => {
    const result = await call('GetParameters', { Names: ['/b', '/nope', '/a/x'] });
    expect(names(result)).toEqual(['/b', '/a/x']);
    expect(result.InvalidParameters).toEqual(['/nope']);
    const eleven = Array.from({ length: 11 }, (_, i) => `/${i}`);
    await expect(call('GetParameters', { Names: eleven })).rejects.toMatchObject({ code: 'ValidationException' });
  });

  it('are returned by path, of one level or of all', async () => {
    expect(names(await call('GetParametersByPath', { Path: '/a' }))).toEqual(['/a/x', '/a/y']);
    expect(names(await call('GetParametersByPath', { Path: '/a/', Recursive: true }))).toEqual([
      '/a/deep/z',
      '/a/x',
      '/a/y',
    ]);
    expect(names(await call('GetParametersByPath', { Path: '/none' }))).toEqual([]);
    await expect(call('GetParametersByPath', { Path: 'a' })).rejects.toMatchObject({ code: 'ValidationException' });
  });

  it('come in pages', async () => {
    const found: string[] = [];
    let NextToken: string | undefined;
    let pages = 0;
    do {
      const page = await call('GetParametersByPath', { Path: '/', Recursive: true, MaxResults: 2, NextToken });
      found.push(...names(page));
      NextToken = page.NextToken;
      pages++;
    } while (NextToken !== undefined);
    expect(found).toEqual(['/a/deep/z', '/a/x', '/a/y', '/ab', '/b']);
    expect(pages).toBe(3);
    await expect(call('DescribeParameters', { NextToken: 'x' })).rejects.toMatchObject({ code: 'InvalidNextToken' });
  });

  it('are all seen by who deletes each page before the next', async () => {
    const first = await call('DescribeParameters', { MaxResults: 2 });
    await call('DeleteParameters', { Names: names(first) });
    const second = await call('DescribeParameters', { MaxResults: 3, NextToken: first.NextToken });
    expect([...names(first), ...names(second)]).toEqual(['/a/deep/z', '/a/x', '/a/y', '/ab', '/b']);
  });

  it('are deleted together', async () => {
    expect(await call('DeleteParameters', { Names: ['/b', '/nope'] })).toEqual({
      DeletedParameters: ['/b'],
      InvalidParameters: ['/nope'],
    });
    expect(names(await call('DescribeParameters', {}))).toEqual(['/a/deep/z', '/a/x', '/a/y', '/ab']);
  });

  it('need permission on each ARN', () => {
    expect(ssm.service.operations.GetParameters?.permissions?.({ Names: ['/a/x:3', 'plain'] })).toEqual([
      { action: 'ssm:GetParameters', resource: 'arn:aws:ssm:us-east-1:000000000000:parameter/a/x' },
      { action: 'ssm:GetParameters', resource: 'arn:aws:ssm:us-east-1:000000000000:parameter/plain' },
    ]);
  });
});
