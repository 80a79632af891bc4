import { describe, expect, it } from 'vitest';
import { readPolicy } from '../../src/iam/policy-grammar.ts';

const valid = { Effect: 'Allow', Action: 's3:ListBucket', Resource: 'arn:aws:s3:::b' };
const managed =
  (statement: unknown, more: object = {}) =>
  () =>
    readPolicy(JSON.stringify({ Version: '2012-10-17', Statement: statement, ...more }), 'managed');
const legacy = 'The policy failed legacy parsing';

describe('a managed policy is refused', () => {
  it.each<[string, unknown, string]>([
    ['for an action without a service', { ...valid, Action: 'x' }, 'Actions/Conditions must be prefaced by a vendor'],
    ['for a service with other characters', { ...valid, Action: 'a a:X' }, 'Vendor a a is not valid'],
    ['for two colons in an action', { ...valid, Action: 's3:A:B' }, 'Actions/Condition can contain only one colon.'],
    ['for a resource that is no ARN', { ...valid, Resource: 'x' }, 'Resource x must be in ARN format or "*".'],
    [
      'for an unknown partition',
      { ...valid, Resource: 'arn:error:s3:::b' },
      'Partition "error" is not valid for resource "arn:error:s3:::b".',
    ],
    [
      'for parts that are missing',
      { ...valid, Resource: 'a:b:c' },
      'Partition "b" is not valid for resource "arn:b:c:*:*:*".',
    ],
    ['without a service in an ARN', { ...valid, Resource: 'arn:aws' }, 'Resource vendor must be fully qualified'],
    ['for a Region of IAM', { ...valid, Resource: 'arn:aws:iam:x::role/r' }, 'cannot contain region information'],
    ['for a Region of a bucket', { ...valid, Resource: 'arn:aws:s3:x::b' }, 'can not contain region information'],
    ['for a path that IAM has not', { ...valid, Resource: 'arn:aws:iam:::r' }, 'IAM resource path must either be'],
    ['for an ARN that is too short', { ...valid, NotResource: 'arn:aws:s3::b', Resource: undefined }, legacy],
    ['for an effect in another case', { ...valid, Effect: 'allow' }, legacy],
    ['for a date that is none', { ...valid, Condition: { DateLessThan: { a: '234-13' } } }, legacy],
    ['without actions', { ...valid, Action: [] }, 'Policy statement must contain actions.'],
    ['without resources', { ...valid, Resource: [] }, 'Policy statement must contain resources.'],
    [
      'for ids that are the same',
      [valid, valid].map((one) => ({ ...one, Sid: 'a' })),
      'Statement IDs (SID) in a single',
    ],
    ['for an element of another type', { ...valid, Sid: {} }, 'Syntax errors in policy. Sid must be a string.'],
  ])('%s', (_name, statement, message) => {
    expect(managed(statement)).toThrow(message);
  });

  it.each([{ Version: undefined }, { Version: '2008-10-17' }])('with %j, before anything else', (more) => {
    expect(managed({ ...valid, Effect: 'allow' }, more)).toThrow(
      'Policy document must be version 2012-10-17 or greater.',
    );
  });

  it('for its resources before its actions', () => {
    expect(managed({ ...valid, Action: 's:3:x', Resource: 'x' })).toThrow('must be in ARN format');
  });
});

it.each<[string, unknown]>([
  ['a name of an action that has spaces', { ...valid, Action: 'iam: a b ' }],
  ['an access point with its Region', { ...valid, Resource: 'arn:aws:s3:us-east-1:1:accesspoint/a' }],
  ['a date without a time', { ...valid, Condition: { DateGreaterThan: { a: '2026-01-31' } } }],
  ['a date as seconds', { ...valid, Condition: { DateGreaterThan: { a: '1767225600' } } }],
  ['an empty condition, whatever its operator', { ...valid, Condition: { a: {} } }],
  ['null beside a resource', { ...valid, Resource: ['*', null] }],
  [
    'statements without an id',
    [
      { ...valid, Sid: '' },
      { ...valid, Sid: '' },
    ],
  ],
])('a managed policy may have %s', (_name, statement) => {
  expect(managed(statement)).not.toThrow();
});

describe('a trust policy', () => {
  const trust =
    (Action: string, more: object = {}) =>
    () =>
      readPolicy(JSON.stringify({ Statement: { Effect: 'Allow', Principal: '*', Action, ...more } }), 'trust');

  it.each(['sts:AssumeRole', 'sts:TagSession', 'sts:*'])('may allow %s', (action) => {
    expect(trust(action)).not.toThrow();
  });

  it('allows no other actions, and names no resource', () => {
    expect(trust('s3:GetObject')).toThrow('Trust Policy statement actions can only be sts:AssumeRole');
    expect(trust('sts:BadAssumeRole')).toThrow('Trust Policy statement actions can only be sts:AssumeRole');
    expect(trust('sts:AssumeRole', { Resource: '*' })).toThrow('Has prohibited field Resource.');
  });
});
