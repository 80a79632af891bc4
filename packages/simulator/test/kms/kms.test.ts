import { beforeEach, describe, expect, it } from 'vitest';
import { defaultAccount } from '../../src/core/account.ts';
import { type Caller, Cloud, root } from '../../src/core/cloud.ts';
import { seededIds } from '../../src/core/ids.ts';
import { VirtualClock } from '../../src/core/virtual-clock.ts';
import { createIam, type Iam } from '../../src/iam/iam.ts';
import { createKms } from '../../src/kms/kms.ts';
import { createS3, MemoryBlobs } from '../../src/s3/index.ts';

const Bucket = 'bucket';
const Key = 'k';
const roleArn = 'arn:aws:iam::000000000000:role/r';
const delegation = {
  Effect: 'Allow',
  Principal: { AWS: 'arn:aws:iam::000000000000:root' },
  Action: 'kms:*',
  Resource: '*',
};
const deny = { Effect: 'Deny', Principal: { AWS: roleArn }, Action: 'kms:*', Resource: '*' };
const document = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });

let cloud: Cloud;
let iam: Iam;
let role: Caller;
// biome-ignore lint/suspicious/noExplicitAny: AWS's shapes
const call = (service: string, operation: string, input: object, caller: Caller = root(defaultAccount)): Promise<any> =>
  cloud.call(service, operation, input, caller);
const s3 = (operation: string, input: object = {}, caller: Caller = role) =>
  call('s3', operation, { Bucket, Key, ...input }, caller);
const kms = (operation: string, input: object, caller?: Caller) => call('kms', operation, input, caller);

/** Creates a key and returns its ARN. */
async function createKey(...statements: object[]): Promise<string> {
  const Policy = statements.length === 0 ? undefined : document(...statements);
  return (await kms('CreateKey', { Policy })).KeyMetadata.Arn;
}

/** Allows the role everything in S3, and these actions on all keys. */
async function grant(...actions: string[]): Promise<void> {
  const PolicyDocument = document(
    { Effect: 'Allow', Action: 's3:*', Resource: '*' },
    ...(actions.length === 0 ? [] : [{ Effect: 'Allow', Action: actions, Resource: '*' }]),
  );
  await call('iam', 'PutRolePolicy', { RoleName: 'r', PolicyName: 'p', PolicyDocument });
}

async function encryptBucket(KMSMasterKeyID: string, options: object = {}): Promise<void> {
  const rule = { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID }, ...options };
  await call('s3', 'PutBucketEncryption', { Bucket, ServerSideEncryptionConfiguration: { Rules: [rule] } });
}

const denied = (action: string, resource: string, kind: 'identity-based' | 'resource-based') => ({
  code: 'AccessDenied',
  status: 403,
  message:
    `User: ${role.arn} is not authorized to perform: kms:${action} on resource: ${resource} ` +
    `because no ${kind} policy allows the kms:${action} action`,
});

beforeEach(async () => {
  cloud = new Cloud();
  const deps = { account: defaultAccount, clock: new VirtualClock(), ids: seededIds(1), cloud };
  iam = createIam(deps);
  const keys = createKms(deps, { iam });
  const buckets = createS3(deps, { blobs: new MemoryBlobs(), emit: () => undefined, iam, kms: keys });
  for (const { service } of [iam, keys, buckets]) cloud.register(service);
  const trust = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } };
  await call('iam', 'CreateRole', { RoleName: 'r', AssumeRolePolicyDocument: document(trust) });
  role = iam.callerFor(roleArn, 's');
  await call('s3', 'CreateBucket', { Bucket });
});

describe('the policy of a key', () => {
  it('delegates to identity policies by default', async () => {
    const key = await createKey();
    await encryptBucket(key);
    await grant();
    await expect(s3('PutObject')).rejects.toMatchObject(denied('GenerateDataKey', key, 'identity-based'));
    await grant('kms:GenerateDataKey');
    await expect(s3('PutObject')).resolves.toMatchObject({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: key });
  });

  it('must allow the use when it does not delegate', async () => {
    const key = await createKey({ ...delegation, Action: 'kms:Describe*' });
    await encryptBucket(key);
    await grant('kms:*');
    await expect(s3('PutObject')).rejects.toMatchObject(denied('GenerateDataKey', key, 'resource-based'));
    const Policy = document({ ...delegation, Principal: { AWS: roleArn } });
    await kms('PutKeyPolicy', { KeyId: key, Policy });
    await grant();
    await expect(s3('PutObject')).resolves.toMatchObject({ SSEKMSKeyId: key });
  });

  it('denies against every other policy', async () => {
    await encryptBucket(await createKey(delegation, deny));
    await grant('kms:*');
    await expect(s3('PutObject')).rejects.toMatchObject({
      code: 'AccessDenied',
      message: expect.stringContaining('explicit deny in a resource-based policy'),
    });
  });

  it('can have conditions on the service and the encryption context', async () => {
    const conditional = (context: string) => ({
      ...delegation,
      Condition: {
        StringEquals: {
          'kms:ViaService': 's3.us-east-1.amazonaws.com',
          'kms:EncryptionContext:aws:s3:arn': context,
        },
      },
    });
    await grant('kms:*');
    const forObject = await createKey(conditional('arn:aws:s3:::bucket/k'));
    await encryptBucket(forObject);
    await s3('PutObject');
    await encryptBucket(forObject, { BucketKeyEnabled: true });
    await expect(s3('PutObject')).rejects.toMatchObject({ code: 'AccessDenied' });
    await encryptBucket(await createKey(conditional('arn:aws:s3:::bucket')), { BucketKeyEnabled: true });
    await expect(s3('PutObject')).resolves.toMatchObject({ BucketKeyEnabled: true });
  });

  it('is of a key whose material has an id', async () => {
    const { KeyMetadata } = await kms('DescribeKey', { KeyId: await createKey() });
    expect(KeyMetadata.CurrentKeyMaterialId).toMatch(/^[0-9a-f]{64}$/);
  });

  it('protects the key itself', async () => {
    const KeyId = await createKey({ ...delegation, Principal: { AWS: 'arn:aws:iam::000000000000:role/other' } });
    await grant('kms:*');
    await expect(kms('PutKeyPolicy', { KeyId, Policy: document(delegation) }, role)).rejects.toMatchObject({
      code: 'AccessDeniedException',
      status: 400,
    });
  });

  it('must be valid', async () => {
    await expect(kms('CreateKey', { Policy: '{}' })).rejects.toMatchObject({
      code: 'MalformedPolicyDocumentException',
    });
  });
});

describe('an alias', () => {
  it('is resolved when an object is written', async () => {
    const [first, second] = [await createKey(), await createKey()];
    await kms('CreateAlias', { AliasName: 'alias/a', TargetKeyId: first });
    await encryptBucket('alias/a');
    await grant('kms:*');
    await s3('PutObject');
    await kms('UpdateAlias', { AliasName: 'alias/a', TargetKeyId: second });
    await expect(s3('HeadObject')).resolves.toMatchObject({ SSEKMSKeyId: first });
    await expect(s3('PutObject')).resolves.toMatchObject({ SSEKMSKeyId: second });
    await kms('DeleteAlias', { AliasName: 'alias/a' });
    await expect(s3('PutObject')).rejects.toMatchObject({ code: 'KMS.NotFoundException', status: 400 });
  });

  it('has a name that begins with alias/', async () => {
    const wrong = kms('CreateAlias', { AliasName: 'x', TargetKeyId: await createKey() });
    await expect(wrong).rejects.toMatchObject({ message: expect.stringMatching(/^Alias must start/) });
  });

  it('cannot be created twice', async () => {
    const TargetKeyId = await createKey();
    await kms('CreateAlias', { AliasName: 'alias/a', TargetKeyId });
    await expect(kms('CreateAlias', { AliasName: 'alias/a', TargetKeyId })).rejects.toMatchObject({
      code: 'AlreadyExistsException',
    });
  });
});

describe('a key that cannot be used', () => {
  it('is disabled, or its deletion is scheduled', async () => {
    const KeyId = await createKey();
    await encryptBucket(KeyId);
    await grant('kms:*');
    await s3('PutObject');
    await kms('DisableKey', { KeyId });
    await expect(s3('GetObject')).rejects.toMatchObject({ code: 'KMS.DisabledException', status: 400 });
    await kms('EnableKey', { KeyId });
    await s3('GetObject');
    await kms('ScheduleKeyDeletion', { KeyId, PendingWindowInDays: 7 });
    await expect(s3('GetObject')).rejects.toMatchObject({ code: 'KMS.KMSInvalidStateException' });
    await expect(kms('EnableKey', { KeyId })).rejects.toMatchObject({ code: 'KMSInvalidStateException' });
  });

  it('does not exist', async () => {
    const SSEKMSKeyId = '11111111-2222-3333-4444-555555555555';
    await grant('kms:*');
    await expect(s3('PutObject', { ServerSideEncryption: 'aws:kms', SSEKMSKeyId })).rejects.toMatchObject({
      code: 'KMS.NotFoundException',
      message: `Key 'arn:aws:kms:us-east-1:000000000000:key/${SSEKMSKeyId}' does not exist`,
    });
  });

  it.each([
    ['a name of AWS', { AliasName: 'alias/aws/mine' }, 'NotAuthorizedException'],
    ['a name with other characters', { AliasName: 'alias/a b' }, 'ValidationException'],
    ['a name without prefix', { AliasName: 'mine' }, 'ValidationException'],
    ['another alias as its key', { TargetKeyId: 'alias/first' }, 'ValidationException'],
  ])('is refused with %s', async (_, input, code) => {
    const TargetKeyId = await createKey();
    await kms('CreateAlias', { AliasName: 'alias/first', TargetKeyId });
    const request = { AliasName: 'alias/second', TargetKeyId, ...input };
    await expect(kms('CreateAlias', request)).rejects.toMatchObject({ code });
  });

  it('is deleted by its whole name', async () => {
    await expect(kms('DeleteAlias', { AliasName: 'a' })).rejects.toMatchObject({ code: 'ValidationException' });
    await expect(kms('DeleteAlias', { AliasName: 'alias/a' })).rejects.toMatchObject({ code: 'NotFoundException' });
  });
});

describe('the keys of AWS and of other accounts', () => {
  it.each([undefined, 'alias/aws/s3', 'arn:aws:kms:us-east-1:000000000000:alias/aws/s3'])(
    '%s needs no permission',
    async (SSEKMSKeyId) => {
      await grant();
      await s3('PutObject', { ServerSideEncryption: 'aws:kms', SSEKMSKeyId });
      await expect(s3('GetObject')).resolves.toMatchObject({ ServerSideEncryption: 'aws:kms' });
    },
  );

  it('a key of another account needs the permission of the caller', async () => {
    const key = 'arn:aws:kms:us-east-1:111122223333:key/k';
    await encryptBucket(key);
    await grant();
    await expect(s3('PutObject')).rejects.toMatchObject(denied('GenerateDataKey', key, 'identity-based'));
    await grant('kms:GenerateDataKey');
    await expect(s3('PutObject')).resolves.toMatchObject({ SSEKMSKeyId: key });
  });
});

describe('the use of a key in S3', () => {
  let key: string;
  beforeEach(async () => {
    key = await createKey();
    await encryptBucket(key);
    await s3('PutObject', { Body: 'hello', ChecksumAlgorithm: 'CRC32' }, root(defaultAccount));
  });

  it('is Decrypt for GetObject and for the checksum of HeadObject', async () => {
    await grant('kms:GenerateDataKey');
    await expect(s3('GetObject')).rejects.toMatchObject(denied('Decrypt', key, 'identity-based'));
    await s3('HeadObject');
    await expect(s3('HeadObject', { ChecksumMode: 'ENABLED' })).rejects.toMatchObject({ code: 'AccessDenied' });
    await grant('kms:Decrypt');
    await s3('GetObject');
    await s3('HeadObject', { ChecksumMode: 'ENABLED' });
  });

  it('is Decrypt of the source and GenerateDataKey of the target for CopyObject', async () => {
    const copy = (input: object = {}) => s3('CopyObject', { CopySource: 'bucket/k', Key: 'copy', ...input });
    await grant('kms:GenerateDataKey');
    await expect(copy()).rejects.toMatchObject(denied('Decrypt', key, 'identity-based'));
    await grant('kms:Decrypt');
    await expect(copy()).rejects.toMatchObject(denied('GenerateDataKey', key, 'identity-based'));
    await expect(copy({ ServerSideEncryption: 'AES256' })).resolves.toMatchObject({ ServerSideEncryption: 'AES256' });
  });

  it('is GenerateDataKey for CreateMultipartUpload, and Decrypt for its parts and their assembly', async () => {
    await grant('kms:Decrypt');
    await expect(s3('CreateMultipartUpload')).rejects.toMatchObject(denied('GenerateDataKey', key, 'identity-based'));
    await grant('kms:GenerateDataKey');
    const { UploadId, SSEKMSKeyId } = await s3('CreateMultipartUpload');
    expect(SSEKMSKeyId).toBe(key);
    const part = { UploadId, PartNumber: 1 };
    await expect(s3('UploadPart', part)).rejects.toMatchObject(denied('Decrypt', key, 'identity-based'));
    await expect(s3('UploadPartCopy', { ...part, CopySource: 'bucket/k' })).rejects.toMatchObject(
      denied('Decrypt', key, 'identity-based'),
    );
    await grant('kms:Decrypt');
    const { ETag } = await s3('UploadPart', { ...part, Body: 'hello' });
    const complete = () => s3('CompleteMultipartUpload', { UploadId, MultipartUpload: { Parts: [{ ...part, ETag }] } });
    await grant();
    await expect(complete()).rejects.toMatchObject(denied('Decrypt', key, 'identity-based'));
    await grant('kms:Decrypt');
    await expect(complete()).resolves.toMatchObject({ SSEKMSKeyId: key });
  });
});
