import { Stack } from 'aws-cdk-lib';
import { Annotations } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { describe, expect, test } from 'vitest';
import { ModelData } from '../src/index';
import { newApp, newStack } from './support/apps.ts';
import {
  asText,
  executionRoleArn,
  image,
  Match,
  newEndpoint,
  propertiesOf,
  resourcesOf,
  specOf,
  Template,
} from './support/stacks.ts';

const container = (url: string, more = {}) => ({ image, modelDataUrl: url, ...more });

describe('the data bucket of the stack', () => {
  test('is encrypted, TLS only, not public and retained, without versions', () => {
    const stack = newStack();
    newEndpoint(stack);
    const [[, bucket] = []] = Object.entries(resourcesOf(stack, 'AWS::S3::Bucket')).filter(([id]) =>
      /FreshpointData/.test(id),
    );
    expect(bucket).toMatchObject({
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        PublicAccessBlockConfiguration: { BlockPublicAcls: true, BlockPublicPolicy: true },
        LifecycleConfiguration: { Rules: [{ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }] },
      },
    });
    expect(bucket!.Properties).not.toHaveProperty('VersioningConfiguration');
    Template.fromStack(stack).hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
  });

  test('is shared by all endpoints of the stack', () => {
    const stack = newStack();
    newEndpoint(stack);
    newEndpoint(stack, { endpoint: { endpointName: 'two' } }, 'Tulip');
    const ids = Object.keys(resourcesOf(stack, 'AWS::S3::Bucket')).filter((id) => /FreshpointData/.test(id));
    expect(ids.length).toBe(1);
  });

  test('grants the models’ role read access to its slot data only, and the models depend on that', () => {
    const stack = newStack();
    newEndpoint(stack);
    const [[policyId, policy] = []] = Object.entries(resourcesOf(stack, 'AWS::S3::BucketPolicy'));
    const { Statement } = policy!.Properties.PolicyDocument as { Statement: { Effect: string; Resource: unknown }[] };
    const allowed = Statement.filter(({ Effect }) => Effect === 'Allow');
    // By its ARN as a condition, so that the grant holds for a role that is created again with that name, too.
    expect(allowed).toMatchObject([
      {
        Action: 's3:GetObject',
        Principal: { AWS: '*' },
        Condition: { ArnEquals: { 'aws:PrincipalArn': executionRoleArn } },
      },
    ]);
    expect((allowed[0]!.Resource as unknown[]).map(asText)).toEqual([
      expect.stringMatching(/Test\/Iris\/slots\/[0-9a-f]{8}\/a\/0\/model\.tar\.gz$/),
      expect.stringMatching(/Test\/Iris\/slots\/[0-9a-f]{8}\/b\/0\/model\.tar\.gz$/),
    ]);
    for (const model of Object.values(resourcesOf(stack, 'AWS::SageMaker::Model'))) {
      expect(model.DependsOn).toContain(policyId);
      expect(model.DependsOn!.join()).toMatch(/DeploymentGate/);
    }
  });
});

describe('the policy of the data bucket', () => {
  test('has one statement per role, independent of the number of endpoints', () => {
    const stack = newStack();
    const other = { executionRoleArn: 'arn:aws:iam::123456789012:role/other' };
    newEndpoint(stack);
    newEndpoint(stack, { endpoint: { endpointName: 'two' } }, 'Tulip');
    newEndpoint(stack, { endpoint: { endpointName: 'three' }, model: other }, 'Rose');
    const { Statement } = propertiesOf(stack, 'AWS::S3::BucketPolicy').PolicyDocument as {
      Statement: { Effect: string; Condition: { ArnEquals: Record<string, string> }; Resource: unknown[] }[];
    };
    const read = Statement.filter(({ Effect }) => Effect === 'Allow').map(({ Condition, Resource }) => [
      Condition.ArnEquals['aws:PrincipalArn'],
      Resource.map((each) => asText(each).replace(/^.*\/(\w+)\/slots\/[0-9a-f]{8}\/(\w)\/.*$/, '$1 $2')),
    ]);
    expect(read).toEqual([
      [executionRoleArn, ['Iris a', 'Iris b', 'Tulip a', 'Tulip b']],
      [other.executionRoleArn, ['Rose a', 'Rose b']],
    ]);
  });

  test('is created before the deployment gate stages to the bucket', () => {
    const stack = newStack();
    newEndpoint(stack);
    const [gate] = Object.values(resourcesOf(stack, 'Custom::FreshpointDeploymentGate'));
    expect(gate!.DependsOn).toContainEqual(expect.stringMatching(/^FreshpointDataPolicy/));
  });
});

describe('a given data bucket', () => {
  const rolePolicy = (stack: Stack) =>
    Object.values(resourcesOf(stack, 'AWS::IAM::Policy')).find(({ Properties }) =>
      JSON.stringify(Properties.Roles).includes('model'),
    )!.Properties as { Roles: unknown[]; PolicyDocument: { Statement: { Action: unknown; Resource: unknown }[] } };

  test('of another stack is read through a policy of the role, without a cycle between the stacks', () => {
    const app = newApp();
    const data = new Stack(app, 'Data');
    const key = new Key(data, 'Key');
    const copies = new Bucket(data, 'Copies', {
      encryption: BucketEncryption.KMS,
      encryptionKey: key,
    });
    const stack = new Stack(app, 'Test');
    const role = new Role(stack, 'Model', {
      roleName: 'model',
      assumedBy: new ServicePrincipal('sagemaker.amazonaws.com'),
    });
    newEndpoint(stack, { model: { executionRoleArn: role.roleArn }, modelData: ModelData.perSlot({ bucket: copies }) });
    app.synth();
    expect(stack.dependencies.map(({ stackName }) => stackName)).toEqual(['Data']);
    const policies = JSON.stringify(resourcesOf(stack, 'AWS::IAM::Policy'));
    expect(policies).toMatch(/"s3:GetObject"/);
    expect(policies).toMatch(/"kms:Decrypt"/);
    expect(JSON.stringify(resourcesOf(stack, 'AWS::IAM::ManagedPolicy'))).toMatch(
      /\["kms:Decrypt","kms:GenerateDataKey"\]/,
    );
    expect(stack.node.tryFindChild('FreshpointData')).toBeUndefined();
    expect(propertiesOf(data, 'AWS::S3::Bucket')).not.toHaveProperty('LifecycleConfiguration');
  });

  test('that is imported is read through a policy of the role, and needs no configuration', () => {
    const stack = newStack();
    newEndpoint(stack, { modelData: ModelData.perSlot({ bucket: Bucket.fromBucketName(stack, 'Copies', 'copies') }) });
    const { Roles, PolicyDocument } = rolePolicy(stack);
    expect(Roles).toEqual(['model']);
    const resources = PolicyDocument.Statement.map(({ Action, Resource }) => [Action, JSON.stringify(Resource)]);
    expect(resources.map(([action]) => action)).toEqual(expect.arrayContaining(['s3:GetObject']));
    expect(JSON.stringify(resources)).toMatch(/copies\/Test\/Iris\/slots\/[0-9a-f]{8}\/[ab]\/0\/model.tar.gz/);
    Annotations.fromStack(stack).hasNoWarning('*', Match.stringLikeRegexp('versioned|lifecycle'));
  });

  test('holds state and history of data in place, and needs no versions for that', () => {
    const stack = newStack();
    const bucket = new Bucket(stack, 'Memory');
    newEndpoint(stack, { modelData: ModelData.inPlace({ bucket }) });
    expect(specOf(stack).store).toEqual({ bucket: expect.stringMatching(/^<Memory\w+>$/), prefix: 'Test/Iris/' });
    expect(stack.node.tryFindChild('FreshpointData')).toBeUndefined();
    const memory = propertiesOf(stack, 'AWS::S3::Bucket', /Memory/);
    expect(memory).toBeUndefined();
    Annotations.fromStack(stack).hasNoWarning('*', Match.stringLikeRegexp('versioned'));
  });
});

describe('the refresher', () => {
  const kmsOf = (stack: Stack) =>
    Object.values(resourcesOf(stack, 'AWS::IAM::ManagedPolicy'))
      .flatMap(({ Properties }) => (Properties.PolicyDocument as { Statement: { Action: string[] }[] }).Statement)
      .flatMap(({ Action }) => Action.filter((action) => action.startsWith('kms:')));

  test('may decrypt with the key of the models’ bucket also in place, to check archives', () => {
    const stack = newStack();
    const modelsBucket = new Bucket(stack, 'Bucket', { encryption: BucketEncryption.KMS });
    newEndpoint(stack, { modelsBucket, modelData: ModelData.inPlace() });
    expect(kmsOf(stack)).toEqual(['kms:Decrypt']);
  });

  test('may not decrypt with the key of the models’ bucket if objects are only listed', () => {
    const stack = newStack();
    const modelsBucket = new Bucket(stack, 'Bucket', { encryption: BucketEncryption.KMS });
    newEndpoint(stack, { modelsBucket, model: { primaryContainer: container('s3://x/m/') } });
    expect(kmsOf(stack)).toEqual([]);
  });

  test('may decrypt with the keys of the sources, and no other role may', () => {
    const stack = newStack();
    const bucket = new Bucket(stack, 'Bucket', { encryption: BucketEncryption.KMS });
    const other = new Key(stack, 'Other');
    newEndpoint(stack, { modelsBucket: bucket, modelData: ModelData.perSlot({ sourceKeys: [other] }) });
    const policies = Object.values(resourcesOf(stack, 'AWS::IAM::ManagedPolicy'));
    const statements = policies.flatMap(
      ({ Properties }) =>
        (Properties.PolicyDocument as { Statement: { Action: string[]; Resource: unknown[] }[] }).Statement,
    );
    const kms = statements.filter(({ Action }) => Action.some((action) => action.startsWith('kms:')));
    expect(kms.map(({ Action, Resource }) => [Action, Resource.map(asText)])).toEqual([
      [['kms:Decrypt'], [expect.stringMatching(/^<BucketKey\w+\.Arn>$/), expect.stringMatching(/^<Other\w+\.Arn>$/)]],
    ]);
  });
});
