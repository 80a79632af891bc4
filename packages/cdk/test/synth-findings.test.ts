import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fn, Lazy, NestedStack, Stack } from 'aws-cdk-lib';
import { Annotations } from 'aws-cdk-lib/assertions';
import { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Alias, Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, EventType } from 'aws-cdk-lib/aws-s3';
import { describe, expect, test } from 'vitest';
import { GuardedDeployment, ModelData, Refresher, SagemakerEndpoint } from '../src/index';
import { newApp, newStack } from './support/apps.ts';
import {
  asText,
  type Changes,
  executionRoleArn,
  image,
  Match,
  newBucket,
  newEndpoint,
  resourcesOf,
} from './support/stacks.ts';

const env = { account: '123456789012', region: 'eu-west-1' };
const variant = { variantName: 'all', initialInstanceCount: 1, instanceType: 'ml.m5.large' };
const archive = { image, modelDataUrl: 's3://b/m.tar.gz' };
const smokeTests = [{ payload: '1', contentType: 'text/csv' }];
const rolling = {
  deploymentConfig: {
    rollingUpdatePolicy: { maximumBatchSize: { type: 'INSTANCE_COUNT', value: 1 }, waitIntervalInSeconds: 60 },
  },
};

function problemsOf(changes: Changes, stack: Stack = newStack()): string[] {
  try {
    newEndpoint(stack, changes);
  } catch (error) {
    expect(error).toMatchObject({ code: 'FRESHPOINT_INVALID_PROPS' });
    return (error as Error).message.split(/\n {2}\d+\. /).slice(1);
  }
  return [];
}

describe('an error at synthesis says what can never work, and what to write instead:', () => {
  test.each<[string, Changes, string]>([
    [
      'no variants',
      { config: { productionVariants: [] } },
      'endpointConfigProps.productionVariants is empty, expected at least one variant, for example { variantName:',
    ],
    [
      'an instance type without ml.',
      { config: { productionVariants: [{ ...variant, instanceType: 'm5.large' }] } },
      'The instanceType of variant "all" in productionVariants is "m5.large", expected a type for SageMaker, which ' +
        'begins with "ml.". Write ml.m5.large.',
    ],
    [
      'a variant that hosts inference components',
      { config: { executionRoleArn } },
      'Variant "all" hosts inference components (endpointConfigProps has an executionRoleArn, and the variant no ' +
        'modelName), which a refresh would not update. Set modelName of the variant and omit executionRoleArn,',
    ],
    [
      'a rolling update of several variants',
      { endpoint: rolling, config: { productionVariants: [variant, { ...variant, variantName: 'two' }] } },
      'endpointProps.deploymentConfig has a rollingUpdatePolicy, but there are 2 variants, and SageMaker rolls only ' +
        'one. Use blueGreenUpdatePolicy,',
    ],
    [
      'a rolling update of a serverless variant',
      {
        endpoint: rolling,
        config: {
          productionVariants: [{ variantName: 'all', serverlessConfig: { maxConcurrency: 1, memorySizeInMb: 1024 } }],
        },
      },
      'endpointProps.deploymentConfig has a rollingUpdatePolicy, but variant "all" is serverless. Omit the policy,',
    ],
    [
      'smoke tests of an asynchronous endpoint',
      { smokeTests, config: { asyncInferenceConfig: { outputConfig: { s3OutputPath: 's3://b/out' } } } },
      'smokeTests are set, but the endpoint is asynchronous (asyncInferenceConfig), and SageMaker rejects ' +
        'InvokeEndpoint for it. Omit smokeTests,',
    ],
    [
      'smoke tests of directly invoked containers',
      {
        smokeTests,
        model: {
          primaryContainer: undefined,
          containers: [archive, { ...archive, modelDataUrl: 's3://b/n.tar.gz' }],
          inferenceExecutionConfig: { mode: 'Direct' },
        },
      },
      'smokeTests are set, but the containers of model "Model1" are invoked directly (mode Direct), and a smoke test ' +
        'names no container. Omit smokeTests,',
    ],
    [
      'smoke tests of a multi-model container',
      {
        smokeTests,
        model: {
          primaryContainer: undefined,
          containers: [archive, { image, mode: 'MultiModel', modelDataUrl: 's3://b/many/' }],
        },
      },
      'smokeTests are set, but model "Model1" has a multi-model container, and a smoke test names no model. Omit',
    ],
    [
      'an execution role that is a bare name',
      { model: { executionRoleArn: 'model-role' } },
      'modelsProps[0].props.executionRoleArn is "model-role", expected the ARN of a role, arn:aws:iam::<account>:role/',
    ],
    [
      'an execution role that is empty',
      { model: { executionRoleArn: '' } },
      'modelsProps[0].props.executionRoleArn is "", expected the ARN of a role',
    ],
    [
      'a URL with the ARN of an imported bucket',
      { model: { primaryContainer: { image, modelDataUrl: 's3://arn:aws:s3:::models/m.tar.gz' } } },
      'modelDataUrl in primaryContainer of model "Model1" has the bucket\'s ARN after s3://, expected its name. Write ' +
        'bucket.bucketName instead of bucket.bucketArn,',
    ],
    [
      'a spec that no parameter can hold',
      {
        model: {
          primaryContainer: undefined,
          containers: Array.from({ length: 15 }, (_, n) => ({
            image,
            modelDataUrl: `s3://b/${'k'.repeat(300)}${n}.tar.gz`,
          })),
        },
      },
      "The endpoint's spec takes at least 10",
    ],
    [
      'an event pattern that no rule can hold',
      { bucketEvents: [{ eventType: EventType.OBJECT_CREATED, keyFilters: [{ prefix: 'p'.repeat(2048) }] }] },
      'bucketEvents[0] needs an event pattern of at least 2',
    ],
    [
      'two deployment configs',
      { endpoint: rolling, guardedDeployment: GuardedDeployment.canary() },
      'guardedDeployment and endpointProps.deploymentConfig are both set. Omit one of them.',
    ],
    [
      'a guarded deployment of an endpoint without a name',
      { endpoint: { endpointName: undefined }, guardedDeployment: GuardedDeployment.canary() },
      'guardedDeployment is set, but endpointProps.endpointName is not, and the alarms exist before the endpoint. Set',
    ],
    [
      'a guarded deployment of unknown variants',
      {
        config: { productionVariants: Lazy.any({ produce: () => [variant] }) },
        guardedDeployment: GuardedDeployment.canary(),
      },
      'guardedDeployment is set, but endpointConfigProps.productionVariants contains a token, so the variants to watch',
    ],
    [
      'a guarded deployment of a serverless variant',
      {
        guardedDeployment: GuardedDeployment.allAtOnce(),
        config: {
          productionVariants: [{ variantName: 'all', serverlessConfig: { maxConcurrency: 1, memorySizeInMb: 1024 } }],
        },
      },
      'guardedDeployment is set, but variant "all" is serverless, and SageMaker guards only updates of instances.',
    ],
    [
      'a canary that is too large',
      { guardedDeployment: GuardedDeployment.canary({ percent: 60 }) },
      'percent of guardedDeployment is 60, expected 1 to 50.',
    ],
    [
      'steps that are too small',
      { guardedDeployment: GuardedDeployment.linear({ stepPercent: 5 }) },
      'stepPercent of guardedDeployment is 5, expected 10 to 50.',
    ],
  ])('%s', (_, changes, text) => {
    const problems = problemsOf(changes);
    expect(problems.map((each) => each.slice(0, text.length))).toContain(text);
  });

  test('more rollback alarms than SageMaker watches', () => {
    const stack = newStack();
    const alarms = Array.from({ length: 10 }, (_, n) => Alarm.fromAlarmName(stack, `Alarm${n}`, `alarm-${n}`));
    expect(problemsOf({ guardedDeployment: GuardedDeployment.canary({ alarms }) }, stack)).toEqual([
      expect.stringMatching(/^guardedDeployment has 11 alarms, expected at most 10\. Pass fewer alarms/),
    ]);
  });

  test('a URL with the ARN of a bucket of the app', () => {
    const stack = newStack();
    const modelDataUrl = `s3://${newBucket(stack).bucketArn}/m.tar.gz`;
    expect(problemsOf({ model: { primaryContainer: { image, modelDataUrl } } }, stack)).toEqual([
      expect.stringContaining("has the bucket's ARN after s3://"),
    ]);
  });

  test('an execution role of another account', () => {
    const stack = new Stack(newApp(), 'Test', { env: { ...env, account: '222222222222' } });
    expect(problemsOf({}, stack)).toEqual([
      'modelsProps[0].props.executionRoleArn is a role of account 123456789012, but the endpoint is in account ' +
        '222222222222, and SageMaker does not pass roles between accounts. Pass a role of the endpoint’s account.',
    ]);
  });

  test('a bucket of another region, for models or data', () => {
    const app = newApp();
    const elsewhere = new Stack(app, 'Elsewhere', { env: { ...env, region: 'us-east-1' } });
    const stack = new Stack(app, 'Test', { env });
    const modelsBucket = new Bucket(elsewhere, 'Models', { bucketName: 'models' });
    const bucket = new Bucket(elsewhere, 'Data', { bucketName: 'data', versioned: true });
    expect(problemsOf({ modelsBucket, modelData: ModelData.perSlot({ bucket }) }, stack)).toEqual([
      expect.stringMatching(
        /^modelsBucket \("Elsewhere\/Models"\) is in region us-east-1, but the endpoint is in eu-west/,
      ),
      expect.stringMatching(/^the bucket of modelData \("Elsewhere\/Data"\) is in region us-east-1/),
    ]);
  });

  test('two endpoints of one name, in a stack and its nested stacks, whatever their case', () => {
    const stack = newStack();
    newEndpoint(stack, {}, 'First');
    const text = 'endpointProps.endpointName is "IRIS", which is also the name of "Test/First".';
    for (const scope of [stack, new NestedStack(stack, 'Nested')]) {
      expect(problemsOf({ endpoint: { endpointName: 'IRIS' } }, scope)).toEqual([expect.stringContaining(text)]);
    }
  });

  test('two endpoints of one name in stacks of the same account and region, but not where these are not known', () => {
    const app = newApp();
    newEndpoint(new Stack(app, 'One', { env }));
    expect(problemsOf({}, new Stack(app, 'Two', { env }))).toHaveLength(1);
    expect(problemsOf({}, new Stack(app, 'Other', { env: { ...env, region: 'us-east-1' } }))).toEqual([]);
    expect(problemsOf({}, new Stack(app, 'Unknown'))).toEqual([]);
  });

  test('a data bucket whose policy is too large, with all other errors of the synthesis', () => {
    const stack = newStack();
    const refreshers = Array.from({ length: 4 }, (_, n) => new Refresher(stack, `Refresher${n}`));
    for (let n = 0; n < 60; n++) {
      const role = `arn:aws:iam::123456789012:role/${'r'.repeat(200)}${n}`;
      const refresher = refreshers[n % refreshers.length];
      newEndpoint(
        stack,
        { refresher, endpoint: { endpointName: `e${n}` }, model: { executionRoleArn: role } },
        `E${n}`,
      );
    }
    const problems = stack.node.findChild('FreshpointData').node.validate();
    expect(problems).toEqual([
      expect.stringMatching(/^The policy of the data bucket "Test\/FreshpointData" takes at least 2\d{4} characters/),
    ]);
  });

  test('but nothing if the policy fits', () => {
    const stack = newStack();
    newEndpoint(stack);
    expect(stack.node.findChild('FreshpointData').node.validate()).toEqual([]);
  });
});

describe('values that TypeScript would reject get a message:', () => {
  const valid = (stack: Stack) => ({
    modelsBucket: newBucket(stack),
    modelsProps: [{ props: { executionRoleArn, primaryContainer: archive } }],
    endpointConfigProps: { productionVariants: [variant] },
    endpointProps: { endpointConfigName: 'c' },
  });

  test.each<[string, unknown, string[]]>([
    ['no props', undefined, ['The props are undefined, expected an object.']],
    [
      'empty props',
      {},
      [
        'endpointProps is undefined, expected an object.',
        'endpointConfigProps is undefined, expected an object.',
        'modelsBucket is undefined, expected a bucket (IBucket).',
        'modelsProps is undefined, expected a list.',
      ],
    ],
  ])('%s', (_, props, expected) => {
    const stack = newStack();
    let message = '';
    try {
      new SagemakerEndpoint(stack, 'Iris', props as never);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message.split(/\n {2}\d+\. /).slice(1)).toEqual(expected);
  });

  test.each<[string, object, string]>([
    ['a model instead of a list', { modelsProps: {} }, 'modelsProps is an object, expected a list.'],
    ['models without props', { modelsProps: [{}] }, 'modelsProps[0].props is undefined, expected an object.'],
    ['a model that is null', { modelsProps: [null] }, 'modelsProps[0] is null, expected an object.'],
    ['a bucket name', { modelsBucket: 'models' }, 'modelsBucket is "models", expected a bucket (IBucket).'],
    ['a number of seconds', { waitTime: 60 }, 'waitTime is 60, expected a Duration, e.g. Duration.seconds(60).'],
    ['events that are no list', { bucketEvents: 'all' }, 'bucketEvents is "all", expected a list.'],
    ['an event without a type', { bucketEvents: [{}] }, 'bucketEvents[0].eventType is undefined, expected a text.'],
    [
      'key filters that are no list',
      { bucketEvents: [{ eventType: EventType.OBJECT_CREATED, keyFilters: { prefix: 'a' } }] },
      'bucketEvents[0].keyFilters is an object, expected a list.',
    ],
    [
      'a filter that is a text',
      { bucketEvents: [{ eventType: EventType.OBJECT_CREATED, keyFilters: ['a/'] }] },
      'bucketEvents[0].keyFilters[0] is "a/", expected an object.',
    ],
    ['a smoke test that is a text', { smokeTests: ['1'] }, 'smokeTests[0] is "1", expected an object.'],
    [
      'a smoke test without a payload',
      { smokeTests: [{ contentType: 'text/csv' }] },
      'smokeTests[0].payload is undefined, expected a text.',
    ],
    [
      'an expectation that is a text',
      { smokeTests: [{ payload: '1', contentType: 'text/csv', expect: 'setosa' }] },
      'smokeTests[0].expect is "setosa", expected Expect.contains() or Expect.json().',
    ],
    [
      'a variant instead of a list',
      { endpointConfigProps: { productionVariants: variant } },
      'endpointConfigProps.productionVariants is an object, expected a list.',
    ],
    [
      'model data as a text',
      { modelData: 'inPlace' },
      'modelData is "inPlace", expected ModelData.perSlot() or ModelData.inPlace().',
    ],
    ['a verification as a text', { verification: 'full' }, 'verification is "full", expected Verification.quick() or'],
    [
      'a guard as a text',
      { guardedDeployment: 'canary' },
      'guardedDeployment is "canary", expected GuardedDeployment.',
    ],
    ['a queue as refresher', { refresher: {} }, 'refresher is an object, expected a Refresher.'],
  ])('%s', (_, changes, text) => {
    const stack = newStack();
    const create = () => new SagemakerEndpoint(stack, 'Iris', { ...valid(stack), ...changes } as never);
    expect(create).toThrow(`SagemakerEndpoint "Test/Iris" has a problem:\n  1. ${text}`);
  });
});

describe('a warning or an info at synthesis says what is risky:', () => {
  /** Ids of the findings with the given level. */
  const findings = (stack: Stack, level: 'findWarning' | 'findInfo') =>
    Annotations.fromStack(stack)
      [level]('*', Match.anyValue())
      .flatMap(({ entry }) => /\[ack: @freshpoint\/cdk:(\w+)\]/.exec(String(entry.data))?.[1] ?? []);

  test('a model that no variant uses', () => {
    const stack = newStack();
    const props = { executionRoleArn, primaryContainer: archive };
    const modelsProps = [
      { customId: 'used', props },
      { customId: 'pool', props },
      { customId: 'idle', props },
    ];
    const instancePools = [{ instanceType: 'ml.m5.large', priority: 1, modelNameOverride: 'pool' }];
    newEndpoint(stack, {
      modelsProps,
      config: { productionVariants: [{ ...variant, modelName: 'used', instancePools }] },
    });
    expect(findings(stack, 'findWarning')).toContain('unusedModel');
    Annotations.fromStack(stack).hasWarning('/Test/Iris', Match.stringLikeRegexp('No variant uses the model "idle"'));
    Annotations.fromStack(stack).hasNoWarning('/Test/Iris', Match.stringLikeRegexp('the model "(used|pool)"'));
  });

  test('a bucket of another account, whose events do not arrive', () => {
    const app = newApp();
    const stack = new Stack(app, 'Test', { env });
    const attributes = { bucketName: 'models', account: '222222222222' };
    newEndpoint(stack, { modelsBucket: Bucket.fromBucketAttributes(stack, 'Imported', attributes) });
    expect(findings(stack, 'findWarning')).toContain('bucketInOtherAccount');
  });

  test('a bucket that is made with the endpoint, but not one of another stack', () => {
    const app = newApp();
    const own = new Stack(app, 'Own');
    const other = new Stack(app, 'Other');
    newEndpoint(own);
    newEndpoint(other, { modelsBucket: newBucket(own) });
    expect(findings(own, 'findWarning')).toEqual(['bucketInSameStack']);
    expect(findings(other, 'findWarning')).toEqual([]);
  });

  test('an imported bucket that may be encrypted with an unknown key', () => {
    const stack = newStack();
    const key = new Key(stack, 'Key');
    const attributes = { bucketName: 'models', encryptionKey: key };
    newEndpoint(stack, { modelsBucket: Bucket.fromBucketAttributes(stack, 'Known', attributes) });
    expect(findings(stack, 'findInfo')).not.toContain('unknownBucketKey');
    const modelsBucket = Bucket.fromBucketName(stack, 'Unknown', 'models');
    newEndpoint(stack, { modelsBucket, endpoint: { endpointName: 'second' } }, 'Second');
    expect(findings(stack, 'findInfo')).toContain('unknownBucketKey');
  });

  test('a policy of the execution role that the models do not wait for', () => {
    const stack = newStack();
    const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('sagemaker.amazonaws.com') });
    const statements = [new PolicyStatement({ actions: ['s3:GetObject'], resources: ['*'] })];
    const policies = ['Attached', 'Awaited'].map((id) => new ManagedPolicy(stack, id, { statements, roles: [role] }));
    role.addManagedPolicy(new ManagedPolicy(stack, 'Listed', { statements }));
    role.addToPolicy(statements[0]!);
    const endpoint = newEndpoint(stack, { model: { executionRoleArn: role.roleArn } });
    for (const model of endpoint.models) model.node.addDependency(policies[1]!);
    Annotations.fromStack(stack).hasWarning(
      '/Test/Iris',
      Match.stringLikeRegexp('policy "Test/Attached/Resource" belo'),
    );
    Annotations.fromStack(stack).hasNoWarning(
      '/Test/Iris',
      Match.stringLikeRegexp('policy "Test/(Awaited|Listed|Role)'),
    );
  });

  test('no smoke tests', () => {
    const stack = newStack();
    newEndpoint(stack, { smokeTests });
    expect(findings(stack, 'findInfo')).toEqual([]);
    newEndpoint(stack, { endpoint: { endpointName: 'second' } }, 'Second');
    expect(findings(stack, 'findInfo')).toEqual(['noSmokeTests']);
  });
});

describe('a KMS key of the endpoint config', () => {
  const grantsOf = (stack: Stack) =>
    Object.values(resourcesOf(stack, 'AWS::IAM::ManagedPolicy')).flatMap(({ Properties }) =>
      (
        Properties.PolicyDocument as { Statement: { Action: string[]; Resource: unknown[]; Condition?: object }[] }
      ).Statement.filter(({ Action }) => Action.includes('kms:CreateGrant')).map(({ Resource, Condition }) => [
        Resource.map(asText),
        Condition,
      ]),
    );
  const forAws = { Bool: { 'kms:GrantIsForAWSResource': 'true' } };
  const keyArn = (id: string) => `arn:<AWS::Partition>:kms:<AWS::Region>:<AWS::AccountId>:key/${id}`;

  test.each<[string, (stack: Stack) => string, string, object]>([
    ['by ARN', () => 'arn:aws:kms:us-east-1:123456789012:key/k', 'arn:aws:kms:us-east-1:123456789012:key/k', forAws],
    ['by id', () => '1234abcd', keyArn('1234abcd'), forAws],
    ['of the app, by ARN', (stack) => new Key(stack, 'Key').keyArn, '<Key961B73FD.Arn>', forAws],
    ['of the app, by id', (stack) => new Key(stack, 'Key').keyId, '<Key961B73FD.Arn>', forAws],
    [
      'by alias',
      (stack) => Alias.fromAliasName(stack, 'Alias', 'alias/volumes').aliasName,
      keyArn('*'),
      { ...forAws, 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': ['alias/volumes'] } },
    ],
  ])('%s: the refresher can create grants for AWS resources', (_, kmsKeyId, resource, condition) => {
    const stack = newStack();
    newEndpoint(stack, { config: { kmsKeyId: kmsKeyId(stack) } });
    expect(grantsOf(stack)).toEqual([[[resource], condition]]);
  });

  test('that is a token of unknown form is a warning', () => {
    const stack = newStack();
    newEndpoint(stack, { config: { kmsKeyId: Fn.importValue('key') } });
    expect(grantsOf(stack)).toEqual([]);
    Annotations.fromStack(stack).hasWarning('/Test/Iris', Match.stringLikeRegexp('kmsKeyId is a token that hides'));
  });
});

test('tokens in place of any checked value stay possible', () => {
  const stack = newStack();
  const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('sagemaker.amazonaws.com') });
  expect(
    problemsOf(
      {
        model: { executionRoleArn: role.roleArn, inferenceExecutionConfig: Lazy.any({ produce: () => undefined }) },
        config: {
          productionVariants: [{ ...variant, instanceType: Fn.importValue('type') }],
          asyncInferenceConfig: undefined,
        },
        endpoint: { endpointName: Fn.importValue('name'), deploymentConfig: Lazy.any({ produce: () => undefined }) },
        smokeTests: [{ payload: Fn.importValue('payload'), contentType: Fn.importValue('type') }],
      },
      stack,
    ),
  ).toEqual([]);
});

test('the docs list every warning and info', () => {
  const text = (path: string) => readFileSync(join(import.meta.dirname, path), 'utf8');
  const sources = globSync('**/*.ts', { cwd: join(import.meta.dirname, '../src') }).map((path) =>
    text(`../src/${path}`),
  );
  const ids = sources.flatMap((source) => [...source.matchAll(/'@freshpoint\/cdk:(\w+)'/g)].map(([, id]) => id));
  const listed = [...text('../../../docs/construct.md').matchAll(/^\| `(\w+)` \| (?:info|warning) \|/gm)].map(
    ([, id]) => id,
  );
  expect([...new Set(ids)].sort()).toEqual(listed);
});
