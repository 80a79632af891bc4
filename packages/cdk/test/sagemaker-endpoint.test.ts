import { Aws, Duration, Fn, Lazy, NestedStack, type Stack, Tags } from 'aws-cdk-lib';
import { Annotations } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { EventType } from 'aws-cdk-lib/aws-s3';
import { CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import { describe, expect, test } from 'vitest';
import { newStack } from './support/apps.ts';
import {
  asText,
  executionRoleArn,
  Match,
  modelProps,
  newBucket,
  newEndpoint,
  propertiesOf,
  resourcesOf,
  specOf,
  Template,
} from './support/stacks.ts';

describe('an endpoint', () => {
  test('has a model and a config per slot, and serves config A', () => {
    const stack = newStack();
    newEndpoint(stack);

    const [modelA, modelB] = Object.keys(resourcesOf(stack, 'AWS::SageMaker::Model'));
    const configs = Object.entries(resourcesOf(stack, 'AWS::SageMaker::EndpointConfig'));
    const properties = (modelId: string | undefined) => ({
      ProductionVariants: [
        {
          VariantName: 'all',
          InitialInstanceCount: 1,
          InstanceType: 'ml.m5.large',
          ModelName: { 'Fn::GetAtt': [modelId, 'ModelName'] },
        },
      ],
    });
    expect(configs.map(([, config]) => config.Properties)).toEqual([properties(modelA), properties(modelB)]);
    expect(propertiesOf(stack, 'AWS::SageMaker::Endpoint')).toEqual({
      EndpointName: 'iris',
      EndpointConfigName: { 'Fn::GetAtt': [configs[0]![0], 'EndpointConfigName'] },
    });
  });

  test('has attributes for its resources', () => {
    const stack = newStack();
    const endpoint = newEndpoint(stack);

    expect(endpoint.endpointName).toBe('iris');
    expect(stack.resolve(endpoint.attrEndpointName)).toEqual({
      'Fn::GetAtt': ['IrisEndpoint5676F002', 'EndpointName'],
    });
    expect(stack.resolve(endpoint.endpointArn)).toEqual({ Ref: 'IrisEndpoint5676F002' });
    expect(endpoint.models).toHaveLength(2);
    for (const model of endpoint.models) expect(model).toBeInstanceOf(CfnModel);
    expect(endpoint.modelsProps[0]!.cfnModel === endpoint.models[0]).toBe(true);
    expect(endpoint.modelsProps[0]!.cfnModelB === endpoint.models[1]).toBe(true);
    expect(endpoint.modelsProps[0]!.props.executionRoleArn).toBe(executionRoleArn);
  });

  test('without a name has the generated one', () => {
    const endpoint = newEndpoint(newStack(), { endpoint: { endpointName: undefined } });
    expect(endpoint.endpointName).toBe(endpoint.attrEndpointName);
  });

  test('adds nine resources to a stack that has one already', () => {
    const count = (endpoints: number) => {
      const stack = newStack();
      for (let n = 1; n <= endpoints; n++) newEndpoint(stack, { endpoint: { endpointName: `iris-${n}` } }, `Iris${n}`);
      return Object.keys(Template.fromStack(stack).toJSON().Resources).length;
    };
    expect(count(2) - count(1)).toBe(9);
  });

  test('grants permission to invoke this endpoint and nothing else', () => {
    const stack = newStack();
    const role = new Role(stack, 'Caller', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    newEndpoint(stack).grantInvoke(role);
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
      Roles: [{ Ref: Match.stringLikeRegexp('^Caller') }],
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Allow',
            Action: [
              'sagemaker:InvokeEndpoint',
              'sagemaker:InvokeEndpointAsync',
              'sagemaker:InvokeEndpointWithResponseStream',
            ],
            Resource: { Ref: 'IrisEndpoint5676F002' },
          },
        ],
      },
    });
  });
});

describe('the template contains', () => {
  test('the properties of all three L1 props', () => {
    const stack = newStack();
    newEndpoint(stack, {
      model: { enableNetworkIsolation: true, vpcConfig: { subnets: ['s'], securityGroupIds: ['g'] } },
      config: {
        kmsKeyId: 'key',
        shadowProductionVariants: [{ variantName: 'shadow', modelName: 'Model1', initialInstanceCount: 2 }],
      },
      endpoint: { retainAllVariantProperties: false, tags: [{ key: 'team', value: 'ml' }] },
    });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::SageMaker::Model', {
      EnableNetworkIsolation: true,
      VpcConfig: { Subnets: ['s'] },
    });
    template.allResourcesProperties('AWS::SageMaker::EndpointConfig', {
      KmsKeyId: 'key',
      ShadowProductionVariants: [
        {
          VariantName: 'shadow',
          InitialInstanceCount: 2,
          ModelName: { 'Fn::GetAtt': [Match.anyValue(), 'ModelName'] },
        },
      ],
    });
    template.hasResourceProperties('AWS::SageMaker::Endpoint', {
      RetainAllVariantProperties: false,
      RetainDeploymentConfig: Match.absent(),
      Tags: [{ Key: 'team', Value: 'ml' }],
    });
  });

  test('properties that this version of aws-cdk-lib does not know', () => {
    const stack = newStack();
    newEndpoint(stack, {
      model: { futureModel: { someList: [{ innerName: 1 }] } },
      config: { futureConfig: 'x' },
      endpoint: { futureEndpoint: Aws.REGION },
    });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::SageMaker::Model', { FutureModel: { SomeList: [{ InnerName: 1 }] } });
    template.allResourcesProperties('AWS::SageMaker::EndpointConfig', { FutureConfig: 'x' });
    template.hasResourceProperties('AWS::SageMaker::Endpoint', { FutureEndpoint: { Ref: 'AWS::Region' } });
  });

  test('no property that is undefined', () => {
    const stack = newStack();
    newEndpoint(stack, { endpoint: { futureEndpoint: undefined } });
    expect(propertiesOf(stack, 'AWS::SageMaker::Endpoint')).not.toHaveProperty('FutureEndpoint');
  });
});

describe('variants', () => {
  const two = (stack: Stack, names: [object, object]) =>
    names.map((name) => ({ ...name, props: modelProps(newBucket(stack)) }));
  const modelNames = (stack: Stack) =>
    (
      propertiesOf(stack, 'AWS::SageMaker::EndpointConfig', /ConfigB/).ProductionVariants as { ModelName: unknown }[]
    ).map(({ ModelName }) => ModelName);
  const attribute = (logicalId: RegExp) => ({ 'Fn::GetAtt': [expect.stringMatching(logicalId), 'ModelName'] });

  test.each([
    ['modelName', [{ modelName: 'red' }, { modelName: 'blue' }]],
    ['customId', [{ customId: 'red' }, { customId: 'blue' }]],
  ] as const)('name a model by its %s', (_, names) => {
    const stack = newStack();
    newEndpoint(stack, {
      modelsProps: two(stack, [...names]),
      config: {
        productionVariants: [
          { variantName: 'one', modelName: 'blue' },
          { variantName: 'two', modelName: 'red' },
        ],
      },
    });
    expect(modelNames(stack)).toEqual([attribute(/ModelsBblue/), attribute(/ModelsBred/)]);
  });

  test('name a model by its position if it has neither', () => {
    const stack = newStack();
    newEndpoint(stack, {
      modelsProps: two(stack, [{}, {}]),
      config: { productionVariants: [{ variantName: 'one', modelName: 'Model2' }] },
    });
    expect(modelNames(stack)).toEqual([attribute(/Model2/)]);
  });

  test('keep a model name that is a token', () => {
    const stack = newStack();
    newEndpoint(stack, {
      config: { productionVariants: [{ variantName: 'one', modelName: Fn.importValue('model') }] },
    });
    expect(modelNames(stack)).toEqual([{ 'Fn::ImportValue': 'model' }]);
  });

  test('that are tokens are passed on, with a warning', () => {
    const stack = newStack();
    newEndpoint(stack, {
      config: { productionVariants: [Lazy.any({ produce: () => ({ variantName: 'late', modelName: 'elsewhere' }) })] },
    });
    expect(modelNames(stack)).toEqual(['elsewhere']);
    Annotations.fromStack(stack).hasWarning('/Test/Iris', Match.stringLikeRegexp('A variant .* is a token'));
  });

  test('are passed on if the whole list is a token', () => {
    const stack = newStack();
    newEndpoint(stack, {
      config: { productionVariants: Lazy.any({ produce: () => [{ variantName: 'late', modelName: 'elsewhere' }] }) },
    });
    expect(modelNames(stack)).toEqual(['elsewhere']);
  });
});

describe('the parameters and rules', () => {
  test('include the spec for the refresher', () => {
    const stack = newStack();
    newEndpoint(stack);
    expect(specOf(stack)).toEqual({
      version: 1,
      endpointName: '<IrisEndpoint5676F002.EndpointName>',
      stackId: '<AWS::StackId>',
      configs: {
        a: expect.stringMatching(/^<IrisEndpointConfigA\w+\.EndpointConfigName>$/),
        b: expect.stringMatching(/^<IrisEndpointConfigB\w+\.EndpointConfigName>$/),
      },
      sources: [{ bucket: '<Bucket83908E77>', key: 'models/iris.tar.gz' }],
      data: {
        bucket: '<FreshpointData33F10FCE>',
        root: expect.stringMatching(/^Test\/Iris\/slots\/[0-9a-f]{8}\/$/),
        files: [{ bucket: '<Bucket83908E77>', key: 'models/iris.tar.gz' }],
      },
      store: { bucket: '<FreshpointData33F10FCE>', prefix: 'Test/Iris/' },
      queueUrl: expect.stringMatching(/^<FreshpointRefresherQueue\w+>$/),
      waitTime: 60,
      retainAllVariantProperties: true,
      retainDeploymentConfig: true,
    });
  });

  test('include settings other than the defaults in the spec', () => {
    const stack = newStack();
    newEndpoint(stack, {
      waitTime: Duration.millis(1500),
      maxWaitTime: Duration.minutes(10),
      pollInterval: Duration.seconds(5),
      endpoint: {
        retainAllVariantProperties: false,
        retainDeploymentConfig: false,
        excludeRetainedVariantProperties: [{ variantPropertyType: 'DesiredWeight' }],
      },
    });
    expect(specOf(stack)).toMatchObject({
      waitTime: 2,
      maxWaitTime: 600,
      pollInterval: 5,
      retainAllVariantProperties: false,
      retainDeploymentConfig: false,
      excludeRetainedVariantProperties: ['DesiredWeight'],
    });
  });

  test('include a waitTime of zero in the spec', () => {
    const stack = newStack();
    newEndpoint(stack, { waitTime: Duration.seconds(0) });
    expect(specOf(stack)).toMatchObject({ waitTime: 0 });
  });

  test('contain the ids of stack and construct, and no state', () => {
    const stack = newStack();
    newEndpoint(stack);
    const parameters = Object.values(resourcesOf(stack, 'AWS::SSM::Parameter')).map(({ Properties }) => Properties);
    expect(parameters).toMatchObject([{ Name: '/freshpoint/Test/Iris/spec' }]);
    expect(parameters).toHaveLength(1);
    for (const { Properties } of Object.values(resourcesOf(stack, 'AWS::Events::Rule'))) {
      expect(Properties.Targets).toMatchObject([{ Input: '{"version":1,"endpoint":"Test/Iris"}' }]);
    }
  });

  test('have valid and unique names for construct ids with special characters', () => {
    const stack = newStack();
    newEndpoint(stack, { endpoint: { endpointName: 'one' } }, 'Große Iris');
    newEndpoint(stack, { endpoint: { endpointName: 'two' } }, 'Gro-e Iris');
    const names = Object.values(resourcesOf(stack, 'AWS::SSM::Parameter')).map(({ Properties }) => Properties.Name);
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(name).toMatch(/^\/freshpoint\/Test\/Gro-e-Iris-[0-9a-f]{8}\/spec$/);
  });

  test('of a nested stack contain its deploy-time name', () => {
    const stack = newStack();
    const nested = new NestedStack(stack, 'Nested');
    newEndpoint(nested, { modelsBucket: newBucket(stack) });
    expect(asText(propertiesOf(nested, 'AWS::SSM::Parameter', /Spec/).Name)).toBe(
      '/freshpoint/<AWS::StackName>/Iris/spec',
    );
  });

  test('are created after the endpoint, as far as rules are concerned', () => {
    const stack = newStack();
    newEndpoint(stack, { sweepInterval: Duration.minutes(30) });
    const rules = Object.values(resourcesOf(stack, 'AWS::Events::Rule'));
    expect(rules.map(({ Properties }) => Properties.ScheduleExpression)).toEqual(['rate(30 minutes)']);
    for (const { DependsOn } of rules) expect(DependsOn).toContain('IrisEndpoint5676F002');
  });

  test('have a spec only once the refresher has its permissions', () => {
    const stack = newStack();
    newEndpoint(stack);
    const [spec] = Object.values(resourcesOf(stack, 'AWS::SSM::Parameter'));
    const policies = Object.keys(resourcesOf(stack, 'AWS::IAM::ManagedPolicy'));
    const swapPolicies = policies.filter((id) => id.includes('SwapPermissions'));
    expect(swapPolicies).not.toEqual([]);
    expect(spec?.DependsOn).toEqual(expect.arrayContaining(swapPolicies));
  });

  test('do not include tags of the stack in the spec', () => {
    const stack = newStack();
    newEndpoint(stack, { bucketEvents: [{ eventType: EventType.OBJECT_CREATED }] });
    Tags.of(stack).add('team', 'ml');
    expect(specOf(stack)).not.toHaveProperty('tags');
  });
});
