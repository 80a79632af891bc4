import { describe, expect, it } from 'vitest';
import {
  delegatesToAccount,
  evaluateIdentity,
  evaluateResource,
  type PolicyVerdict,
  type Principal,
} from '../../src/iam/evaluate.ts';
import { parsePolicy } from '../../src/iam/policy-document.ts';
import { requestContext } from '../../src/iam/request-context.ts';

const role: Principal = {
  accountId: '111122223333',
  arn: 'arn:aws:sts::111122223333:assumed-role/r/session',
  roleArn: 'arn:aws:iam::111122223333:role/r',
};
const events: Principal = { accountId: '111122223333', arn: 'events.amazonaws.com', service: 'events.amazonaws.com' };

function identity(
  statements: object[],
  action: string,
  resource: string,
  context: Record<string, string | string[]> = {},
): PolicyVerdict {
  const parsed = parsePolicy({ Version: '2012-10-17', Statement: statements }, 'identity');
  return evaluateIdentity(parsed, { action, resource, principal: role, context: requestContext(context) });
}

const allow = (Action: unknown, Resource: unknown, Condition?: object) => ({
  Effect: 'Allow',
  Action,
  Resource,
  Condition,
});
const deny = (Action: unknown, Resource: unknown) => ({ Effect: 'Deny', Action, Resource });

describe('identity policies', () => {
  const object = 'arn:aws:s3:::bucket/models/a.tar.gz';
  it.each<[string, object[], string, string, PolicyVerdict]>([
    ['nothing speaks of it', [allow('s3:PutObject', '*')], 's3:GetObject', object, 'None'],
    ['an exact allow', [allow('s3:GetObject', object)], 's3:GetObject', object, 'Allow'],
    ['another resource', [allow('s3:GetObject', 'arn:aws:s3:::bucket')], 's3:GetObject', object, 'None'],
    ['actions whatever their case', [allow('S3:getobject', '*')], 's3:GetObject', object, 'Allow'],
    ['resources in their case only', [allow('s3:GetObject', object.toUpperCase())], 's3:GetObject', object, 'None'],
    ['a star in the action', [allow('s3:Get*', '*')], 's3:GetObject', object, 'Allow'],
    ['a star in the middle', [allow('s3:GetObject', 'arn:aws:s3:::bucket/*.gz')], 's3:GetObject', object, 'Allow'],
    [
      'a star that reaches over slashes',
      [allow('s3:GetObject', 'arn:aws:s3:::b*a.tar.gz')],
      's3:GetObject',
      object,
      'Allow',
    ],
    [
      'a question mark for one character',
      [allow('s3:GetObject', 'arn:aws:s3:::bucket/models/?.tar.gz')],
      's3:GetObject',
      object,
      'Allow',
    ],
    ['a question mark not for none', [allow('s3:GetObject', `${object}?`)], 's3:GetObject', object, 'None'],
    ['an explicit deny after an allow', [allow('*', '*'), deny('s3:*', '*')], 's3:GetObject', object, 'Deny'],
    ['an explicit deny before an allow', [deny('s3:*', '*'), allow('*', '*')], 's3:GetObject', object, 'Deny'],
    ['lists', [allow(['s3:PutObject', 's3:GetObject'], ['x', object])], 's3:GetObject', object, 'Allow'],
    [
      'NotAction leaves out its own',
      [{ Effect: 'Allow', NotAction: 's3:Get*', Resource: '*' }],
      's3:GetObject',
      object,
      'None',
    ],
    [
      'NotAction takes the others',
      [{ Effect: 'Allow', NotAction: 's3:Get*', Resource: '*' }],
      's3:PutObject',
      object,
      'Allow',
    ],
    [
      'NotResource leaves out its own',
      [{ Effect: 'Allow', Action: '*', NotResource: 'arn:aws:s3:::bucket/*' }],
      's3:GetObject',
      object,
      'None',
    ],
    [
      'NotResource takes the others',
      [{ Effect: 'Allow', Action: '*', NotResource: 'arn:aws:s3:::other/*' }],
      's3:GetObject',
      object,
      'Allow',
    ],
    ['* where no resource is named', [allow('s3:ListAllMyBuckets', '*')], 's3:ListAllMyBuckets', '*', 'Allow'],
    ['an ARN where no resource is named', [allow('s3:ListAllMyBuckets', object)], 's3:ListAllMyBuckets', '*', 'None'],
  ])('%s', (...[, statements, action, resource, expected]) => {
    expect(identity(statements, action, resource)).toBe(expected);
  });

  it('inserts variables as literal text', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable
    const statement = [allow('s3:GetObject', 'arn:aws:s3:::bucket/${aws:PrincipalTag/team}/*')];
    const tag = (team: string) => ({ 'aws:PrincipalTag/team': team });
    expect(identity(statement, 's3:GetObject', 'arn:aws:s3:::bucket/red/x', tag('red'))).toBe('Allow');
    expect(identity(statement, 's3:GetObject', 'arn:aws:s3:::bucket/red/x', tag('*'))).toBe('None');
    expect(identity(statement, 's3:GetObject', 'arn:aws:s3:::bucket//x')).toBe('None');
  });

  it('stays fast on hostile patterns', () => {
    const before = process.cpuUsage();
    identity([allow('s3:GetObject', '*a'.repeat(200))], 's3:GetObject', 'a'.repeat(5000).concat('b'));
    // CPU time: the machine may be busy with other work.
    expect(process.cpuUsage(before).user).toBeLessThan(2_000_000);
  });
});

describe('conditions', () => {
  const context = {
    'aws:SourceArn': 'arn:aws:events:us-east-1:111122223333:rule/r1',
    'aws:SecureTransport': 'true',
    'aws:SourceIp': '127.0.0.1',
    'aws:CurrentTime': '2026-01-01T00:00:00Z',
    's3:max-keys': '10',
    's3:prefix': 'models/',
    'aws:TagKeys': ['team', 'env'],
  };
  it.each<[boolean, string, object]>([
    [true, 'StringEquals', { 's3:prefix': 'models/' }],
    [true, 'StringEquals', { 'S3:PREFIX': ['x', 'models/'] }],
    [false, 'StringEquals', { 's3:prefix': 'MODELS/' }],
    [false, 'StringEquals', { 's3:prefix': 'models*' }],
    [false, 'StringEquals', { 's3:absent': 'x' }],
    [true, 'StringEqualsIfExists', { 's3:absent': 'x' }],
    [false, 'StringEqualsIfExists', { 's3:prefix': 'x' }],
    [true, 'StringEqualsIgnoreCase', { 's3:prefix': 'MODELS/' }],
    [true, 'StringLike', { 's3:prefix': 'mod*' }],
    [false, 'StringLike', { 's3:prefix': 'x*' }],
    [true, 'StringNotEquals', { 's3:prefix': 'x' }],
    [false, 'StringNotEquals', { 's3:prefix': ['x', 'models/'] }],
    [true, 'StringNotEquals', { 's3:absent': 'x' }],
    [false, 'StringNotLike', { 's3:prefix': 'mod*' }],
    [true, 'StringNotLikeIfExists', { 's3:absent': '*' }],
    [true, 'ArnEquals', { 'aws:SourceArn': 'arn:aws:events:us-east-1:111122223333:rule/*' }],
    [true, 'ArnLike', { 'aws:SourceArn': 'arn:aws:events:*:111122223333:rule/r?' }],
    [false, 'ArnLike', { 'aws:SourceArn': 'arn:aws:*:rule/r1' }],
    [true, 'ArnNotLike', { 'aws:SourceArn': 'arn:aws:events:*:999:rule/*' }],
    [true, 'Bool', { 'aws:SecureTransport': 'true' }],
    [true, 'Bool', { 'aws:SecureTransport': true }],
    [false, 'Bool', { 'aws:SecureTransport': 'false' }],
    [true, 'Null', { 's3:absent': 'true' }],
    [false, 'Null', { 's3:prefix': 'true' }],
    [true, 'Null', { 's3:prefix': 'false' }],
    [true, 'NumericLessThanEquals', { 's3:max-keys': '10' }],
    [false, 'NumericGreaterThan', { 's3:max-keys': '10' }],
    [true, 'NumericNotEquals', { 's3:max-keys': 11 }],
    [false, 'NumericEquals', { 's3:prefix': '0' }],
    [true, 'DateGreaterThan', { 'aws:CurrentTime': '2025-12-31T00:00:00Z' }],
    [false, 'DateLessThan', { 'aws:CurrentTime': '2025-12-31T00:00:00Z' }],
    [true, 'IpAddress', { 'aws:SourceIp': '127.0.0.0/8' }],
    [false, 'IpAddress', { 'aws:SourceIp': '10.0.0.0/8' }],
    [true, 'NotIpAddress', { 'aws:SourceIp': ['10.0.0.0/8', '192.168.0.0/16'] }],
    [true, 'ForAnyValue:StringEquals', { 'aws:TagKeys': 'team' }],
    [false, 'ForAnyValue:StringEquals', { 'aws:TagKeys': 'other' }],
    [false, 'ForAnyValue:StringEquals', { 'aws:absent': 'x' }],
    [true, 'ForAllValues:StringEquals', { 'aws:TagKeys': ['team', 'env', 'other'] }],
    [false, 'ForAllValues:StringEquals', { 'aws:TagKeys': ['team'] }],
    [true, 'ForAllValues:StringEquals', { 'aws:absent': ['team'] }],
  ])('%s: %s %j', (expected, operator, keys) => {
    const statement = allow('s3:ListBucket', '*', { [operator]: keys });
    expect(identity([statement], 's3:ListBucket', 'arn:aws:s3:::b', context)).toBe(expected ? 'Allow' : 'None');
  });

  it('requires all operators and all keys', () => {
    const both = { StringEquals: { 's3:prefix': 'models/' }, Bool: { 'aws:SecureTransport': 'false' } };
    expect(identity([allow('*', '*', both)], 's3:ListBucket', 'x', context)).toBe('None');
  });
});

describe('documents that are refused', () => {
  it.each<[string, unknown, RegExp]>([
    [
      'an operator that is not known',
      [allow('*', '*', { StringResembles: { a: 'b' } })],
      /does not know the condition operator StringResembles/,
    ],
    ['an unknown element', [{ ...allow('*', '*'), Resorce: '*' }], /Resorce/],
    ['both Action and NotAction', [{ ...allow('*', '*'), NotAction: 's3:*' }], /exactly one of Action and NotAction/],
    ['neither Resource nor NotResource', [{ Effect: 'Allow', Action: '*' }], /must contain resources/],
    ['an action without a service', [allow('GetObject', '*')], /prefaced by a vendor/],
    ['an effect that is none', [{ Effect: 'Maybe', Action: '*', Resource: '*' }], /Invalid effect/],
    ['a principal in an identity policy', [{ ...allow('*', '*'), Principal: '*' }], /should not specify a principal/],
    ['no statement', [], /Statement cannot be empty/],
  ])('%s', (_name, Statement, message) => {
    expect(() => parsePolicy({ Statement }, 'identity')).toThrow(message);
  });

  it('text that is not JSON', () => {
    expect(() => parsePolicy('{', 'identity')).toThrow(expect.objectContaining({ code: 'MalformedPolicyDocument' }));
  });
});

describe('resource policies', () => {
  function resource(statement: object, principal: Principal, context: Record<string, string> = {}): PolicyVerdict {
    const full = { Action: 'sqs:SendMessage', Resource: 'q', ...statement };
    return evaluateResource(parsePolicy({ Statement: full }, 'resource'), {
      action: 'sqs:SendMessage',
      resource: 'q',
      principal,
      context: requestContext(context),
    });
  }
  it.each<[string, object, Principal, PolicyVerdict]>([
    ['the service that is named', { Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' } }, events, 'Allow'],
    ['another service', { Effect: 'Allow', Principal: { Service: 's3.amazonaws.com' } }, events, 'None'],
    ['everyone', { Effect: 'Allow', Principal: '*' }, events, 'Allow'],
    ['everyone of AWS', { Effect: 'Allow', Principal: { AWS: '*' } }, role, 'Allow'],
    ['the role', { Effect: 'Allow', Principal: { AWS: role.roleArn } }, role, 'Allow'],
    ['the session', { Effect: 'Allow', Principal: { AWS: [role.arn] } }, role, 'Allow'],
    [
      'the account only delegates an allow',
      { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::111122223333:root' } },
      role,
      'None',
    ],
    ['the account is denied as a whole', { Effect: 'Deny', Principal: { AWS: '111122223333' } }, role, 'Deny'],
    [
      'a deny for the account is not for services',
      { Effect: 'Deny', Principal: { AWS: '111122223333' } },
      events,
      'None',
    ],
    ['everyone but', { Effect: 'Deny', NotPrincipal: { AWS: role.roleArn } }, role, 'None'],
    ['everyone but another', { Effect: 'Deny', NotPrincipal: { AWS: 'arn:aws:iam::1:role/x' } }, role, 'Deny'],
  ])('%s', (_name, statement, principal, expected) => {
    expect(resource(statement, principal)).toBe(expected);
  });

  it('ties a service to the resource it calls for', () => {
    const statement = {
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Condition: { ArnEquals: { 'aws:SourceArn': 'arn:aws:events:us-east-1:1:rule/mine' } },
    };
    expect(resource(statement, events, { 'aws:SourceArn': 'arn:aws:events:us-east-1:1:rule/mine' })).toBe('Allow');
    expect(resource(statement, events, { 'aws:SourceArn': 'arn:aws:events:us-east-1:1:rule/other' })).toBe('None');
    expect(resource(statement, events)).toBe('None');
  });
});

describe('the policy of a model package group for another account', () => {
  const owned = 'arn:aws:sagemaker:us-east-1:111122223333';
  const policy = parsePolicy(
    {
      Statement: {
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam::444455556666:root' },
        Action: ['sagemaker:ListModelPackages', 'sagemaker:DescribeModelPackage'],
        Resource: [`${owned}:model-package-group/iris`, `${owned}:model-package/iris/*`],
      },
    },
    'resource',
  );
  const delegates = (accountId: string, action: string, resource: string) =>
    delegatesToAccount(policy, {
      action: `sagemaker:${action}`,
      resource: `${owned}:${resource}`,
      principal: { accountId, arn: `arn:aws:sts::${accountId}:assumed-role/refresher/f` },
      context: requestContext({}),
    });

  it.each([
    [true, '444455556666', 'ListModelPackages', 'model-package-group/iris'],
    [true, '444455556666', 'DescribeModelPackage', 'model-package/iris/3'],
    [false, '444455556666', 'DescribeModelPackage', 'model-package/rose/3'],
    [false, '444455556666', 'UpdateModelPackage', 'model-package/iris/3'],
    [false, '777788889999', 'ListModelPackages', 'model-package-group/iris'],
  ])('is %s for %s: %s on %s', (expected, accountId, action, resource) => {
    expect(delegates(accountId, action, resource)).toBe(expected);
  });
});
