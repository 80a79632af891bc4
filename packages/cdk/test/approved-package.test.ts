import { compilePattern } from '@freshpoint/simulator/events/event-pattern';
import { Stack } from 'aws-cdk-lib';
import { Annotations } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { CfnModelPackageGroup } from 'aws-cdk-lib/aws-sagemaker';
import { describe, expect, test } from 'vitest';
import { ModelData, ModelSource } from '../src/index';
import { newApp, newStack } from './support/apps.ts';
import {
  asText,
  type Changes,
  image,
  Match,
  newBucket,
  newEndpoint,
  ofSlotA,
  propertiesOf,
  resourcesOf,
  specOf,
  Template,
} from './support/stacks.ts';

interface PackageChanges extends Changes {
  readonly stack?: Stack;
  readonly group?: string;
  readonly targetBuckets?: IBucket[];
}

function withPackage({ stack = newStack(), group = 'Flowers', targetBuckets, ...changes }: PackageChanges = {}): Stack {
  const { modelDataUrl } = ModelSource.approvedPackage(group, { targetBuckets: targetBuckets ?? [newBucket(stack)] });
  newEndpoint(stack, { model: { primaryContainer: { image, modelDataUrl } }, ...changes });
  return stack;
}

const env = { account: '123456789012', region: 'eu-west-1' };
const otherAccount = 'arn:aws:sagemaker:eu-west-1:111111111111:model-package-group/Flowers';
const targets = ['<Bucket83908E77>'];
const policiesOf = (stack: Stack) => JSON.stringify(resourcesOf(stack, 'AWS::IAM::ManagedPolicy'));
const findings = (stack: Stack) => JSON.stringify(Annotations.fromStack(stack).findWarning('*', Match.anyValue()));

/** The resources on which the refresher has the action, as text. */
function resourcesWith(action: string, stack: Stack): string[] {
  const policies = Object.values(resourcesOf(stack, 'AWS::IAM::ManagedPolicy'));
  return policies.flatMap(({ Properties }) => {
    const { Statement } = Properties.PolicyDocument as { Statement: { Action: string[]; Resource: unknown[] }[] };
    return Statement.filter(({ Action }) => Action.includes(action)).flatMap(({ Resource }) => Resource.map(asText));
  });
}

describe('a model that is the newest approved package of a group', () => {
  test('loads the copy of its slot', () => {
    const { PrimaryContainer } = propertiesOf(withPackage(), 'AWS::SageMaker::Model', ofSlotA) as {
      PrimaryContainer: { ModelDataUrl: unknown };
    };
    expect(asText(PrimaryContainer.ModelDataUrl)).toMatch(/\/slots\/[0-9a-f]{8}\/a\/0\/model\.tar\.gz$/);
  });

  test('is a source and a copied file of the spec', () => {
    const source = { packageGroup: 'Flowers', container: { index: 0, count: 1 }, targets };
    expect(specOf(withPackage())).toMatchObject({ sources: [source], data: { files: [source] } });
  });

  test('gives each container of the model that of the package, by position and by hostname', () => {
    const stack = newStack();
    const { modelDataUrl } = ModelSource.approvedPackage('Flowers', { targetBuckets: [newBucket(stack)] });
    const containers = [{ image, modelDataUrl }, { image }, { image, modelDataUrl, containerHostname: 'classifier' }];
    newEndpoint(stack, { model: { primaryContainer: undefined, containers } });
    const sources = [
      { packageGroup: 'Flowers', container: { index: 0, count: 3 }, targets },
      { packageGroup: 'Flowers', container: { index: 2, count: 3, hostname: 'classifier' }, targets },
    ];
    expect(specOf(stack)).toMatchObject({ sources, data: { files: sources } });
    const model = propertiesOf(stack, 'AWS::SageMaker::Model', ofSlotA) as { Containers: { ModelDataUrl?: unknown }[] };
    const urls = model.Containers.map((each) => each.ModelDataUrl && asText(each.ModelDataUrl).slice(-16));
    expect(urls).toEqual(
      ['/0/model.tar.gz', undefined, '/1/model.tar.gz'].map((url) => url && expect.stringContaining(url)),
    );
  });

  test('is copied once for the models of several variants', () => {
    const stack = newStack();
    const { modelDataUrl } = ModelSource.approvedPackage('Flowers', { targetBuckets: [newBucket(stack)] });
    const props = {
      executionRoleArn: 'arn:aws:iam::123456789012:role/model',
      primaryContainer: { image, modelDataUrl },
    };
    const variant = (modelName: string) => ({ modelName, variantName: modelName, instanceType: 'ml.m5.large' });
    newEndpoint(stack, {
      modelsProps: ['one', 'two'].map((modelName) => ({ modelName, props })),
      config: { productionVariants: ['one', 'two'].map(variant) },
    });
    expect(specOf(stack)).toMatchObject({ data: { files: { length: 1 } } });
  });

  test('is listed and described by the refresher, in this group only', () => {
    const stack = withPackage();
    const arn = (resource: string) => `arn:<AWS::Partition>:sagemaker:<AWS::Region>:<AWS::AccountId>:${resource}`;
    // SageMaker has written names in lower case.
    const granted = ['Flowers', 'flowers'].flatMap((name) => [
      arn(`model-package-group/${name}`),
      arn(`model-package/${name}/*`),
    ]);
    for (const action of ['sagemaker:ListModelPackages', 'sagemaker:DescribeModelPackage']) {
      expect(resourcesWith(action, stack).toSorted()).toEqual(granted.toSorted());
    }
    expect(resourcesWith('sagemaker:ListModelPackages', withPackage({ group: 'flowers' }))).toHaveLength(2);
  });

  test('is read from its target buckets, whose keys decrypt, and from no other bucket', () => {
    const stack = newStack();
    const target = new Bucket(stack, 'Target', { encryptionKey: new Key(stack, 'Key') });
    withPackage({ stack, targetBuckets: [target, Bucket.fromBucketName(stack, 'Other', 'other')] });
    const text = policiesOf(stack);
    expect(text).toMatch(/:s3:::other\/\*"/);
    expect(text).toMatch(/Ref":"Target[0-9A-F]+"\},"\/\*"/);
    expect(text).toContain('"kms:Decrypt"');
    expect(text).not.toMatch(/Ref":"Bucket83908E77"\},"\/\*"/);
  });

  test('is watched by the endpoint’s one rule', () => {
    const { EventPattern } = propertiesOf(withPackage(), 'AWS::Events::Rule') as { EventPattern: { $or: unknown[] } };
    const event = (ModelPackageGroupName: string) => ({
      source: 'aws.sagemaker',
      'detail-type': 'SageMaker Model Package State Change',
      detail: { ModelPackageGroupName, ModelPackageVersion: 3, ModelApprovalStatus: 'Rejected' },
    });
    const matches = (name: string) =>
      EventPattern.$or.slice(1, -1).map((each) => compilePattern(each as never)(event(name)));
    expect(matches('Flowers')).toEqual([true]);
    expect(matches('Trees')).toEqual([false]);
  });

  test('needs no warning, and is not given to the execution role', () => {
    const stack = newStack();
    const bucket = Bucket.fromBucketAttributes(stack, 'Imported', {
      bucketName: 'models',
      encryptionKey: new Key(stack, 'Key'),
    });
    const { modelDataUrl } = ModelSource.approvedPackage('Flowers', { targetBuckets: [bucket] });
    const endpoint = newEndpoint(stack, {
      modelsBucket: bucket,
      model: { executionRoleArn: undefined as never, primaryContainer: { image, modelDataUrl } },
    });
    expect(findings(stack)).not.toMatch(/dataOutside|bucketInSameStack|packageGroup/);
    expect(JSON.stringify(Template.fromStack(stack).findResources('AWS::IAM::Policy'))).not.toContain('s3:::models/*');
    expect(endpoint.executionRole).toBeDefined();
  });

  test('may be observed by an operator', () => {
    const stack = newStack();
    const { modelDataUrl } = ModelSource.approvedPackage('Flowers', { targetBuckets: [newBucket(stack)] });
    const endpoint = newEndpoint(stack, { model: { primaryContainer: { image, modelDataUrl } } });
    endpoint.grantOperate(new Role(stack, 'Operator', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') }));
    const policy = JSON.stringify(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
    expect(policy).toContain('"sagemaker:ListModelPackages"');
  });

  test('may be of a group of the app', () => {
    const stack = newStack();
    const group = new CfnModelPackageGroup(stack, 'Group', { modelPackageGroupName: 'Flowers' });
    expect(specOf(withPackage({ stack, group: group.modelPackageGroupName }))).toMatchObject({
      sources: [{ packageGroup: 'Flowers' }],
    });
  });
});

describe('a group in another account', () => {
  test('is named by its ARN, on which the refresher has its permissions, and reported', () => {
    const stack = withPackage({ stack: new Stack(newApp(), 'Test', { env }), group: otherAccount });
    expect(specOf(stack)).toMatchObject({ sources: [{ packageGroup: otherAccount }] });
    expect(resourcesWith('sagemaker:DescribeModelPackage', stack)).toEqual([
      otherAccount,
      'arn:aws:sagemaker:eu-west-1:111111111111:model-package/Flowers/*',
      otherAccount.toLowerCase(),
      'arn:aws:sagemaker:eu-west-1:111111111111:model-package/flowers/*',
    ]);
    expect(JSON.stringify(propertiesOf(stack, 'AWS::Events::Rule'))).toContain('"ModelPackageGroupName":["Flowers"]');
    expect(findings(stack)).toContain('packageGroupInOtherAccount');
  });

  test('is no other one if it is the stack’s', () => {
    const group = otherAccount.replace('111111111111', env.account);
    const stack = withPackage({ stack: new Stack(newApp(), 'Test', { env }), group });
    expect(findings(stack)).not.toContain('packageGroupInOtherAccount');
  });
});

describe('an approved package is refused', () => {
  test.each([
    '',
    '-flowers',
    'flowers/3',
    'arn:aws:sagemaker:eu-west-1:111111111111:model-package/flowers/3',
    'arn:aws:s3:::flowers',
  ])('of the group "%s"', (group) => {
    expect(() => withPackage({ group })).toThrow(
      `with the model package group "${group}", expected the name of a group, or arn:<partition>:sagemaker:`,
    );
  });

  test('of a group in another region', () => {
    const group = otherAccount.replace('eu-west-1', 'us-east-1');
    expect(() => withPackage({ stack: new Stack(newApp(), 'Test', { env }), group })).toThrow(
      'with a model package group in region us-east-1, but the endpoint is in eu-west-1. Use a group in eu-west-1.',
    );
  });

  test('with data in place', () => {
    expect(() => withPackage({ modelData: ModelData.inPlace() })).toThrow('but modelData is ModelData.inPlace()');
  });

  test('in a multi-model container', () => {
    const stack = newStack();
    const { modelDataUrl } = ModelSource.approvedPackage('Flowers', { targetBuckets: [newBucket(stack)] });
    const primaryContainer = { image, mode: 'MultiModel', modelDataUrl };
    expect(() => newEndpoint(stack, { model: { primaryContainer } })).toThrow('but the container is a multi-model one');
  });
});
