import { beforeEach, describe, expect, it } from 'vitest';
import { defaultAccount } from '../../src/core/account.ts';
import { type Caller, Cloud, type Deps, root } from '../../src/core/cloud.ts';
import { seededIds } from '../../src/core/ids.ts';
import { VirtualClock } from '../../src/core/virtual-clock.ts';
import { createIam, type Iam } from '../../src/iam/iam.ts';
import { createSts } from '../../src/sts/sts.ts';

const queueArn = 'arn:aws:sqs:us-east-1:000000000000:q';
const roleArn = 'arn:aws:iam::000000000000:role/r';
const lambdaTrust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } }],
});
const document = (...statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });
const allow = (Action: string, Resource: string) => ({ Effect: 'Allow', Action, Resource });

let cloud: Cloud;
let iam: Iam;
const call = (operation: string, input: object, caller: Caller = root(defaultAccount)) =>
  cloud.call('iam', operation, input, caller);
const may = (caller: Caller, action: string, resource: string) => cloud.authorize(caller, { action, resource });

beforeEach(async () => {
  cloud = new Cloud();
  const deps: Deps = { account: defaultAccount, clock: new VirtualClock(), ids: seededIds(1), cloud };
  iam = createIam(deps);
  cloud.register(iam.service);
  cloud.register(createSts(deps, { iam }).service);
  await call('CreateRole', { RoleName: 'r', AssumeRolePolicyDocument: lambdaTrust });
});

describe('the permissions of a role', () => {
  it('are none at first; the error is worded as in AWS', () => {
    const caller = iam.callerFor(roleArn, 'fn');
    expect(() => may(caller, 'sqs:SendMessage', queueArn)).toThrow(
      expect.objectContaining({
        code: 'AccessDeniedException',
        status: 403,
        message:
          'User: arn:aws:sts::000000000000:assumed-role/r/fn is not authorized to perform: sqs:SendMessage ' +
          `on resource: ${queueArn} because no identity-based policy allows the sqs:SendMessage action`,
      }),
    );
  });

  it.each([
    ['s3:GetObject', 'AccessDenied', 403],
    ['cloudformation:DescribeStacks', 'AccessDenied', 403],
    ['sagemaker:UpdateEndpoint', 'AccessDeniedException', 400],
    ['ssm:GetParameter', 'AccessDeniedException', 400],
    ['kms:Decrypt', 'AccessDeniedException', 400],
    ['lambda:InvokeFunction', 'AccessDeniedException', 403],
  ])('a refusal of %s is %s, %d', (action, code, status) => {
    expect(() => may(iam.callerFor(roleArn, 's'), action, '*')).toThrow(expect.objectContaining({ code, status }));
  });

  it('follow its policies at each call', async () => {
    const caller = iam.callerFor(roleArn, 'fn');
    await call('PutRolePolicy', { RoleName: 'r', PolicyName: 'p', PolicyDocument: document(allow('sqs:*', queueArn)) });
    expect(() => may(caller, 'sqs:SendMessage', queueArn)).not.toThrow();
    await call('DeleteRolePolicy', { RoleName: 'r', PolicyName: 'p' });
    expect(() => may(caller, 'sqs:SendMessage', queueArn)).toThrow('no identity-based policy');
  });

  it('come from attached policies in their default version', async () => {
    const caller = iam.callerFor(roleArn, 'fn');
    const { Policy } = await call('CreatePolicy', { PolicyName: 'm', PolicyDocument: document(allow('sqs:*', '*')) });
    await call('AttachRolePolicy', { RoleName: 'r', PolicyArn: Policy.Arn });
    expect(() => may(caller, 'sqs:SendMessage', queueArn)).not.toThrow();
    const other = { PolicyArn: Policy.Arn, PolicyDocument: document(allow('s3:*', '*')) };
    await call('CreatePolicyVersion', other);
    expect(() => may(caller, 'sqs:SendMessage', queueArn)).not.toThrow();
    await call('CreatePolicyVersion', { ...other, SetAsDefault: true });
    expect(() => may(caller, 'sqs:SendMessage', queueArn)).toThrow('no identity-based policy');
  });

  it('include those of AWSLambdaBasicExecutionRole', async () => {
    const PolicyArn = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';
    await call('AttachRolePolicy', { RoleName: 'r', PolicyArn });
    const named = call('AttachRolePolicy', { RoleName: 'r', PolicyArn: 'a-name-instead-of-an-arn' });
    await expect(named).rejects.toMatchObject({
      code: 'ValidationError',
      message: 'Invalid ARN:  Could not be parsed!',
    });
    expect(() => may(iam.callerFor(roleArn, 'fn'), 'logs:PutLogEvents', '*')).not.toThrow();
  });

  it.each<[string, string, string, boolean]>([
    ['AdministratorAccess', 'sqs:SendMessage', queueArn, true],
    ['ReadOnlyAccess', 'sqs:GetQueueUrl', queueArn, true],
    ['ReadOnlyAccess', 'sqs:SendMessage', queueArn, false],
    ['AmazonSageMakerFullAccess', 's3:GetObject', 'arn:aws:s3:::my-sagemaker-models/a', true],
    ['AmazonSageMakerFullAccess', 's3:GetObject', 'arn:aws:s3:::my-models/a', false],
    ['job-function/SupportUser', 'sqs:GetQueueUrl', queueArn, false],
  ])('include those of %s: %s on %s is allowed: %s', async (name, action, resource, isAllowed) => {
    await call('AttachRolePolicy', { RoleName: 'r', PolicyArn: `arn:aws:iam::aws:policy/${name}` });
    const ask = () => may(iam.callerFor(roleArn, 'fn'), action, resource);
    if (isAllowed) expect(ask).not.toThrow();
    else expect(ask).toThrow('no identity-based policy');
  });

  it('end with the role', async () => {
    const caller = iam.callerFor(roleArn, 'fn');
    await call('DeleteRole', { RoleName: 'r' });
    expect(() => may(caller, 'sqs:SendMessage', queueArn)).toThrow(
      'The security token included in the request is invalid.',
    );
  });
});

describe('resources with a policy of their own', () => {
  const service = (sourceArn: string): Caller => ({
    arn: 'events.amazonaws.com',
    service: 'events.amazonaws.com',
    sourceArn,
  });
  const rule = 'arn:aws:events:us-east-1:000000000000:rule/r';

  it('allow a service only if they name it', () => {
    expect(() => may(service(rule), 'sqs:SendMessage', queueArn)).toThrow('no resource-based policy allows');
    const statement = { ...allow('sqs:SendMessage', queueArn), Principal: { Service: 'events.amazonaws.com' } };
    iam.setResourcePolicy(queueArn, document({ ...statement, Condition: { ArnEquals: { 'aws:SourceArn': rule } } }));
    expect(() => may(service(rule), 'sqs:SendMessage', queueArn)).not.toThrow();
    expect(() => may(service(`${rule}2`), 'sqs:SendMessage', queueArn)).toThrow('no resource-based policy allows');
    iam.setResourcePolicy(queueArn, undefined);
    expect(() => may(service(rule), 'sqs:SendMessage', queueArn)).toThrow('no resource-based policy allows');
  });

  it('of a resource that names a role does not hold for one that is created later with that name', async () => {
    const statement = { ...allow('sqs:*', queueArn), Principal: { AWS: roleArn } };
    iam.setResourcePolicy(queueArn, document(statement));
    expect(() => may(iam.callerFor(roleArn, 's'), 'sqs:SendMessage', queueArn)).not.toThrow();
    await call('DeleteRole', { RoleName: 'r' });
    await call('CreateRole', { RoleName: 'r', AssumeRolePolicyDocument: lambdaTrust });
    expect(() => may(iam.callerFor(roleArn, 's'), 'sqs:SendMessage', queueArn)).toThrow(/not authorized/);
  });

  it('of a resource that has the role’s ARN as a condition does hold for it, and for no other role', async () => {
    const isRole = { ArnEquals: { 'aws:PrincipalArn': roleArn } };
    iam.setResourcePolicy(
      queueArn,
      document({ ...allow('sqs:*', queueArn), Principal: { AWS: '*' }, Condition: isRole }),
    );
    for (const RoleName of ['r', 'other']) {
      if (RoleName === 'r') await call('DeleteRole', { RoleName });
      await call('CreateRole', { RoleName, AssumeRolePolicyDocument: lambdaTrust });
    }
    expect(() => may(iam.callerFor(roleArn, 's'), 'sqs:SendMessage', queueArn)).not.toThrow();
    const other = iam.callerFor(roleArn.replace(/r$/, 'other'), 's');
    expect(() => may(other, 'sqs:SendMessage', queueArn)).toThrow(/not authorized/);
  });

  it('deny roles that their own policies allow', async () => {
    await call('PutRolePolicy', { RoleName: 'r', PolicyName: 'p', PolicyDocument: document(allow('*', '*')) });
    const statement = { Effect: 'Deny', Action: 's3:*', Resource: 'arn:aws:s3:::b/*', Principal: '*' };
    iam.setResourcePolicy('arn:aws:s3:::b', document(statement));
    const caller = iam.callerFor(roleArn, 'fn');
    expect(() => may(caller, 's3:GetObject', 'arn:aws:s3:::b/key')).toThrow('explicit deny in a resource-based policy');
    expect(() => may(caller, 's3:GetObject', 'arn:aws:s3:::c/key')).not.toThrow();
  });

  it('of a model package group apply to its packages', async () => {
    await call('PutRolePolicy', { RoleName: 'r', PolicyName: 'p', PolicyDocument: document(allow('*', '*')) });
    const arn = (resource: string) => `arn:aws:sagemaker:us-east-1:000000000000:${resource}`;
    const statement = { Effect: 'Deny', Action: 'sagemaker:*', Resource: '*', Principal: '*' };
    iam.setResourcePolicy(arn('model-package-group/iris'), document(statement));
    const describePackage = (version: string) => () =>
      may(iam.callerFor(roleArn, 'fn'), 'sagemaker:DescribeModelPackage', arn(`model-package/${version}`));
    expect(describePackage('iris/3')).toThrow('explicit deny in a resource-based policy');
    expect(describePackage('rose/3')).not.toThrow();
  });

  it('count the loopback interface as TLS', async () => {
    await call('PutRolePolicy', { RoleName: 'r', PolicyName: 'p', PolicyDocument: document(allow('*', '*')) });
    const enforceSsl = { Effect: 'Deny', Action: '*', Resource: '*', Principal: '*' };
    iam.setResourcePolicy(
      queueArn,
      document({ ...enforceSsl, Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    );
    expect(() => may(iam.callerFor(roleArn, 'fn'), 'sqs:SendMessage', queueArn)).not.toThrow();
  });

  it('apply to the versions and aliases of a function', () => {
    const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:f';
    const statement = {
      ...allow('lambda:InvokeFunction', `${functionArn}*`),
      Principal: { Service: 'events.amazonaws.com' },
    };
    iam.setResourcePolicy(functionArn, document(statement));
    expect(() => may(service(rule), 'lambda:InvokeFunction', `${functionArn}:live`)).not.toThrow();
  });

  it('never bind the root', () => {
    iam.setResourcePolicy(queueArn, document({ Effect: 'Deny', Action: '*', Resource: '*', Principal: '*' }));
    expect(() => may(root(defaultAccount), 'sqs:SendMessage', queueArn)).not.toThrow();
  });
});

describe('quotas', () => {
  const long = (characters: number) => document(allow('s3:GetObject', `arn:aws:s3:::${'x'.repeat(characters)}`));

  it('count the inline policies of a role together, without white space', async () => {
    await call('PutRolePolicy', { RoleName: 'r', PolicyName: 'a', PolicyDocument: long(6000) + ' '.repeat(9000) });
    await expect(
      call('PutRolePolicy', { RoleName: 'r', PolicyName: 'b', PolicyDocument: long(6000) }),
    ).rejects.toMatchObject({
      code: 'LimitExceeded',
      status: 409,
      message: 'Maximum policy size of 10240 bytes exceeded for role r',
    });
    await call('PutRolePolicy', { RoleName: 'r', PolicyName: 'a', PolicyDocument: long(10) });
    await call('PutRolePolicy', { RoleName: 'r', PolicyName: 'b', PolicyDocument: long(6000) });
  });

  it('limit the size of a managed policy', async () => {
    await expect(call('CreatePolicy', { PolicyName: 'm', PolicyDocument: long(6144) })).rejects.toThrow(
      'Cannot exceed quota for PolicySize: 6144',
    );
  });

  it('limit the policies on a role', async () => {
    for (let i = 0; i <= 10; i++) {
      const { Policy } = await call('CreatePolicy', { PolicyName: `m${i}`, PolicyDocument: long(1) });
      const attached = call('AttachRolePolicy', { RoleName: 'r', PolicyArn: Policy.Arn });
      if (i < 10) await attached;
      else await expect(attached).rejects.toThrow('Cannot exceed quota for PoliciesPerRole: 10');
    }
  });
});

describe('roles and policies', () => {
  it('are returned with their document encoded, as in AWS', async () => {
    const { Role } = await call('GetRole', { RoleName: 'r' });
    expect(Role).toMatchObject({ RoleName: 'r', Path: '/', Arn: roleArn });
    expect(decodeURIComponent(Role.AssumeRolePolicyDocument)).toBe(lambdaTrust);
  });

  it.each<[string, string, object, string]>([
    ['a role twice', 'CreateRole', { RoleName: 'R', AssumeRolePolicyDocument: lambdaTrust }, 'EntityAlreadyExists'],
    ['a role that is not there', 'GetRole', { RoleName: 'x' }, 'NoSuchEntity'],
    ['an inline policy that is not there', 'GetRolePolicy', { RoleName: 'r', PolicyName: 'x' }, 'NoSuchEntity'],
    ['a policy that is not attached', 'DetachRolePolicy', { RoleName: 'r', PolicyArn: 'x' }, 'NoSuchEntity'],
    [
      'a document that is no text',
      'PutRolePolicy',
      { RoleName: 'r', PolicyName: 'p', PolicyDocument: {} },
      'MalformedPolicyDocument',
    ],
    [
      'a name with other characters',
      'CreateRole',
      { RoleName: 'a b', AssumeRolePolicyDocument: lambdaTrust },
      'ValidationError',
    ],
  ])('refuse %s', async (_name, operation, input, code) => {
    await expect(call(operation, input)).rejects.toMatchObject({ code });
  });

  it('are listed page by page, below a path', async () => {
    for (const RoleName of ['a', 'b']) {
      await call('CreateRole', { RoleName, Path: '/team/', AssumeRolePolicyDocument: lambdaTrust });
    }
    const names = ({ Roles }: { Roles: { RoleName: string }[] }) => Roles.map(({ RoleName }) => RoleName);
    const first = await call('ListRoles', { PathPrefix: '/team/', MaxItems: 1 });
    expect([names(first), first.IsTruncated]).toEqual([['a'], true]);
    const second = await call('ListRoles', { PathPrefix: '/team/', MaxItems: 1, Marker: first.Marker });
    expect([names(second), second.IsTruncated]).toEqual([['b'], false]);
    const PolicyDocument = document(allow('s3:*', '*'));
    const { Policy } = await call('CreatePolicy', { PolicyName: 'p', PolicyDocument });
    expect((await call('ListPolicies', { Scope: 'Local' })).Policies).toEqual([Policy]);
    expect((await call('ListPolicies', { OnlyAttached: true })).Policies).toEqual([]);
    const { PolicyVersion } = await call('GetPolicyVersion', { PolicyArn: Policy.Arn, VersionId: 'v1' });
    expect(decodeURIComponent(PolicyVersion.Document)).toBe(PolicyDocument);
    await expect(call('GetPolicyVersion', { PolicyArn: Policy.Arn, VersionId: 'v2' })).rejects.toMatchObject({
      code: 'NoSuchEntity',
    });
  });

  it('are not deleted while they are in use', async () => {
    const { Policy } = await call('CreatePolicy', { PolicyName: 'm', PolicyDocument: document(allow('s3:*', '*')) });
    await call('AttachRolePolicy', { RoleName: 'r', PolicyArn: Policy.Arn });
    await expect(call('DeletePolicy', { PolicyArn: Policy.Arn })).rejects.toMatchObject({ code: 'DeleteConflict' });
    await expect(call('DeleteRole', { RoleName: 'r' })).rejects.toMatchObject({ code: 'DeleteConflict' });
    await call('DetachRolePolicy', { RoleName: 'r', PolicyArn: Policy.Arn });
    await call('DeletePolicy', { PolicyArn: Policy.Arn });
    await call('DeleteRole', { RoleName: 'r' });
  });

  it('are assumed by the services that they trust', () => {
    expect(iam.canAssume(roleArn, 'lambda.amazonaws.com')).toBe(true);
    expect(iam.canAssume(roleArn, 'sagemaker.amazonaws.com')).toBe(false);
    expect(iam.canAssume(`${roleArn}x`, 'lambda.amazonaws.com')).toBe(false);
  });

  it('have tags, a description and a duration that change', async () => {
    await call('TagRole', {
      RoleName: 'r',
      Tags: [
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '2' },
      ],
    });
    await call('UntagRole', { RoleName: 'r', TagKeys: ['a'] });
    expect((await call('ListRoleTags', { RoleName: 'r' })).Tags).toEqual([{ Key: 'b', Value: '2' }]);
    await call('UpdateRole', { RoleName: 'r', Description: 'd', MaxSessionDuration: 7200 });
    const { Role } = await call('GetRole', { RoleName: 'r' });
    expect(Role).toMatchObject({ Description: 'd', MaxSessionDuration: 7200 });
  });

  it.each([
    ['more than 50', Array.from({ length: 51 }, (_, i) => ({ Key: `${i}`, Value: '' })), 'less than or equal to 50'],
    ['the same key in another case', ['a', 'A'].map((Key) => ({ Key, Value: '' })), 'Duplicate tag keys found.'],
    ['a long key', [{ Key: 'k'.repeat(129), Value: '' }], 'less than or equal to 128'],
    ['a long value', [{ Key: 'k', Value: 'v'.repeat(257) }], 'less than or equal to 256'],
    ['other characters', [{ Key: 'k!', Value: '' }], 'regular expression pattern'],
  ])('refuse tags with %s', async (_name, Tags, message) => {
    await expect(call('TagRole', { RoleName: 'r', Tags })).rejects.toMatchObject({
      code: 'ValidationError',
      message: expect.stringContaining(message),
    });
  });

  it('are described with what each operation tells, as in AWS', async () => {
    expect((await call('GetRole', { RoleName: 'r' })).Role).toMatchObject({ Tags: undefined, RoleLastUsed: {} });
    await call('TagRole', { RoleName: 'r', Tags: [{ Key: 'a', Value: '1' }] });
    expect((await call('GetRole', { RoleName: 'r' })).Role.Tags).toHaveLength(1);
    expect((await call('ListRoles', {})).Roles[0].Tags).toBeUndefined();
    const input = { PolicyName: 'p', Description: 'd', PolicyDocument: document(allow('s3:*', '*')) };
    const { Policy } = await call('CreatePolicy', input);
    expect(Policy.Description).toBeUndefined();
    expect((await call('GetPolicy', { PolicyArn: Policy.Arn })).Policy).toMatchObject({ Description: 'd', Tags: [] });
  });

  it('are listed 100 at a time by default', async () => {
    for (let i = 0; i < 100; i++) {
      await call('CreateRole', { RoleName: `r${i}`, AssumeRolePolicyDocument: lambdaTrust });
    }
    const first = await call('ListRoles', {});
    expect([first.Roles.length, first.IsTruncated]).toEqual([100, true]);
  });

  it('need permissions themselves', async () => {
    const caller = iam.callerFor(roleArn, 'fn');
    await expect(call('GetRole', { RoleName: 'r' }, caller)).rejects.toThrow(`iam:GetRole on resource: ${roleArn}`);
  });
});

describe('AssumeRole', () => {
  const accountTrust = (Condition?: object) =>
    document({
      Effect: 'Allow',
      Action: 'sts:AssumeRole',
      Principal: { AWS: 'arn:aws:iam::000000000000:root' },
      ...(Condition && { Condition }),
    });
  const toolArn = 'arn:aws:iam::000000000000:role/tool';
  const assume = (RoleArn: string, caller: Caller = root(defaultAccount), more: object = {}) =>
    cloud.call('sts', 'AssumeRole', { RoleArn, RoleSessionName: 'me', ...more }, caller);
  const denied = { code: 'AccessDenied', status: 403 };

  it('gives keys of a session of a role that trusts the account', async () => {
    await call('CreateRole', { RoleName: 'tool', AssumeRolePolicyDocument: accountTrust() });
    const { Credentials, AssumedRoleUser } = await assume(toolArn, undefined, { DurationSeconds: 900 });
    expect(Credentials.Expiration.getTime() - new VirtualClock().now()).toBe(900_000);
    expect(iam.callerOf(Credentials.AccessKeyId)).toMatchObject({ arn: AssumedRoleUser.Arn, roleArn: toolArn });
    expect(AssumedRoleUser).toEqual({
      Arn: 'arn:aws:sts::000000000000:assumed-role/tool/me',
      AssumedRoleId: expect.stringMatching(/^AROA[A-Z0-9]+:me$/),
    });
  });

  it.each([
    [
      { RoleSessionName: 's'.repeat(65) },
      /'roleSessionName' failed to satisfy constraint: .* less than or equal to 64/,
    ],
    [{ RoleSessionName: 'a b' }, /'roleSessionName' failed to satisfy constraint: .* pattern: \[\\w\+=,\.@-\]\*$/],
    [{ DurationSeconds: 899 }, /'durationSeconds' failed to satisfy constraint: .* greater than or equal to 900/],
  ])('refuses %j', async (more, message) => {
    await call('CreateRole', { RoleName: 'tool', AssumeRolePolicyDocument: accountTrust() });
    await expect(assume(toolArn, undefined, more)).rejects.toMatchObject({
      code: 'ValidationError',
      message: expect.stringMatching(message),
    });
  });

  it.each(['x', 'arn:aws:iam::000000000000:', 'arn:a::::something/role'])('refuses the ARN %s', async (arn) => {
    await expect(assume(arn)).rejects.toMatchObject({ code: 'ValidationError', message: `${arn} is invalid` });
  });

  it('is denied for a role that trusts a service only, and for one that does not exist', async () => {
    await expect(assume(roleArn)).rejects.toMatchObject(denied);
    await expect(assume(toolArn)).rejects.toMatchObject(denied);
    await call('PutRolePolicy', { RoleName: 'r', PolicyName: 'p', PolicyDocument: document(allow('sts:*', '*')) });
    await expect(assume(toolArn, iam.callerFor(roleArn, 's'))).rejects.toMatchObject(denied);
  });

  it('needs the external id that the role asks for', async () => {
    const trust = accountTrust({ StringEquals: { 'sts:ExternalId': 'x' } });
    await call('CreateRole', { RoleName: 'tool', AssumeRolePolicyDocument: trust });
    await expect(assume(toolArn)).rejects.toMatchObject(denied);
    await expect(assume(toolArn, undefined, { ExternalId: 'x' })).resolves.toHaveProperty('Credentials');
  });

  it('by another role needs that role’s policies, or its name in the trust', async () => {
    const caller = iam.callerFor(roleArn, 's');
    await call('CreateRole', { RoleName: 'tool', AssumeRolePolicyDocument: accountTrust() });
    await expect(assume(toolArn, caller)).rejects.toMatchObject(denied);
    const PolicyDocument = document(allow('sts:AssumeRole', toolArn));
    await call('PutRolePolicy', { RoleName: 'r', PolicyName: 'p', PolicyDocument });
    await expect(assume(toolArn, caller)).resolves.toHaveProperty('Credentials');
    await call('UpdateAssumeRolePolicy', { RoleName: 'tool', PolicyDocument: lambdaTrust });
    await expect(assume(toolArn, caller)).rejects.toMatchObject(denied);
    await call('DeleteRolePolicy', { RoleName: 'r', PolicyName: 'p' });
    const named = document({ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: roleArn } });
    await call('UpdateAssumeRolePolicy', { RoleName: 'tool', PolicyDocument: named });
    await expect(assume(toolArn, caller)).resolves.toHaveProperty('Credentials');
  });
});

describe('keys', () => {
  it('belong to the session they were issued for; others to the root', () => {
    const { accessKeyId } = iam.issueCredentials(roleArn, 'fn');
    const arn = 'arn:aws:sts::000000000000:assumed-role/r/fn';
    const userId = expect.stringMatching(/^AROA[A-Z0-9]+:fn$/);
    expect(iam.callerOf(accessKeyId)).toEqual({ arn, roleArn, userId });
    expect(iam.callerOf('AKIAANYTHING')).toEqual(root(defaultAccount));
    expect(iam.callerOf(undefined)).toEqual(root(defaultAccount));
  });
});
