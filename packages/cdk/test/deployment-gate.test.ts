import { Aspects, CfnParameter, Fn, type IAspect, Stack, Tags } from 'aws-cdk-lib';
import { Alarm, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Bucket, EventType } from 'aws-cdk-lib/aws-s3';
import { CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import { describe, expect, test } from 'vitest';
import { GATE_RESOURCE_TYPE } from '../src/contract';
import { Refresher } from '../src/index';
import { newApp, newStack } from './support/apps.ts';
import { dependenciesOf } from './support/dependencies.ts';
import {
  asText,
  type Changes,
  image,
  newBucket,
  newEndpoint,
  propertiesOf,
  resourcesOf,
  Template,
} from './support/stacks.ts';

interface GateResource {
  readonly Endpoint: string;
  readonly Sources: unknown;
  readonly Digest: string;
  readonly Values: unknown[];
  readonly ServiceToken: unknown;
  readonly ServiceTimeout: string;
}

function gateOf(stack: Stack): GateResource {
  return propertiesOf(stack, GATE_RESOURCE_TYPE) as unknown as GateResource;
}

function gateWith(changes: Changes = {}, touch: (stack: Stack) => void = () => undefined): GateResource {
  const stack = newStack();
  newEndpoint(stack, changes);
  touch(stack);
  return gateOf(stack);
}

const matching = (ids: Set<string>, pattern: RegExp) => [...ids].filter((id) => pattern.test(id));

describe('the deployment gate', () => {
  test('has the endpoint, the sources of the models, and the function', () => {
    const gate = gateWith();
    expect(gate).toMatchObject({
      Endpoint: 'Test/Iris',
      Digest: expect.stringMatching(/^[0-9a-f]{8}$/),
      ServiceToken: { 'Fn::GetAtt': [expect.stringMatching(/^FreshpointRefresherHandler/), 'Arn'] },
      ServiceTimeout: '3600',
    });
    expect(JSON.parse(asText(gate.Sources))).toEqual([{ bucket: '<Bucket83908E77>', key: 'models/iris.tar.gz' }]);
  });

  test('is created before the models and configs, and after everything that the function needs', () => {
    const stack = newStack();
    newEndpoint(stack);
    for (const type of ['AWS::SageMaker::Model', 'AWS::SageMaker::EndpointConfig']) {
      for (const { DependsOn } of Object.values(resourcesOf(stack, type))) {
        expect(DependsOn).toContainEqual(expect.stringMatching(/^IrisDeploymentGate/));
      }
    }
    const before = dependenciesOf(stack, /^IrisDeploymentGate/);
    for (const each of [
      /StagingPermissions/,
      /RefresherHandler/,
      /RoleDefaultPolicy/,
      /^FreshpointData/,
      /RefresherQueue/,
    ]) {
      expect(matching(before, each), String(each)).not.toEqual([]);
    }
  });

  test('depends on no resource that depends on it', () => {
    const stack = newStack();
    newEndpoint(stack);
    newEndpoint(stack, { endpoint: { endpointName: 'other' } }, 'Other');
    const dependencies = dependenciesOf(stack, /DeploymentGate/);
    expect(matching(dependencies, /^(Iris|Other)(Models|Endpoint|DeploymentGate|Spec|Sweep|Event)/)).toEqual([]);
  });

  test('of one endpoint does not depend on another endpoint', () => {
    const stack = newStack();
    newEndpoint(stack);
    newEndpoint(stack, { endpoint: { endpointName: 'other' } }, 'Other');
    expect(matching(dependenciesOf(stack, /^IrisDeploymentGate/), /^Other(?!State)/)).toEqual([]);
    expect(matching(dependenciesOf(stack, /^OtherDeploymentGate/), /^Iris(?!State)/)).toEqual([]);
  });
});

describe('the digest of the gate', () => {
  const plain = gateWith();

  test('is equal in every synthesis, and independent of settings for the refresher only', () => {
    expect(gateWith()).toEqual(plain);
    expect(gateWith({ bucketEvents: [{ eventType: EventType.OBJECT_CREATED }] })).toEqual(plain);
  });

  test('changes with tags of models, configs, endpoint and stack: CloudFormation may move the endpoint for them', () => {
    const tags = [{ key: 'team', value: 'ml' }];
    const found = [
      gateWith({ model: { tags } }),
      gateWith({ config: { tags } }),
      gateWith({ endpoint: { tags } }),
      gateWith({}, (stack) => Tags.of(stack).add('cost', 'centre')),
    ];
    expect(new Set([plain, ...found].map(({ Digest }) => Digest)).size).toBe(5);
  });

  test.each<[string, Changes]>([
    ['the image', { model: { primaryContainer: { image: 'other', modelDataUrl: 's3://b/iris.tar.gz' } } }],
    ['the variants', { config: { productionVariants: [{ variantName: 'all', initialInstanceCount: 2 }] } }],
    ['the deployment config', { endpoint: { deploymentConfig: { autoRollbackConfiguration: { alarms: [] } } } }],
    ['the retained properties', { endpoint: { retainAllVariantProperties: false } }],
    ['a property that aws-cdk-lib does not know', { config: { futureSetting: 'on' } }],
    ['the name of the endpoint', { endpoint: { endpointName: 'tulip' } }],
    ['a given name of a model', { model: { modelName: 'iris' } }],
    ['a given name of the configs', { config: { endpointConfigName: 'iris' } }],
    ['another given name of the configs', { config: { endpointConfigName: 'tulip' } }],
  ])('changes with %s', (_, changes) => {
    const before = gateWith({
      model: { primaryContainer: { image, modelDataUrl: 's3://b/iris.tar.gz' } },
      config: changes.config?.endpointConfigName === 'tulip' ? { endpointConfigName: 'iris' } : {},
    });
    const model = { primaryContainer: { image, modelDataUrl: 's3://b/iris.tar.gz' }, ...changes.model };
    expect(gateWith({ ...changes, model }).Digest).not.toBe(before.Digest);
  });

  test('changes with the logical id of a model, because the model is replaced', () => {
    const of = (customId: string) => {
      const stack = newStack();
      newEndpoint(stack, { modelsProps: [{ customId, props: { primaryContainer: { modelDataUrl: 's3://b/k' } } }] });
      return gateOf(stack).Digest;
    };
    expect(of('one')).not.toBe(of('two'));
    expect(of('one')).toBe(of('one'));
  });

  test('changes with an aspect', () => {
    const aspect: IAspect = {
      visit(node) {
        if (node instanceof CfnModel) node.enableNetworkIsolation = true;
      },
    };
    expect(gateWith({}, (stack) => Aspects.of(stack).add(aspect)).Digest).not.toBe(plain.Digest);
  });
});

describe('the values of the gate', () => {
  test('are the deploy-time values of the model, which the digest does not cover', () => {
    const stack = newStack();
    const image = new CfnParameter(stack, 'Image');
    const role = new Role(stack, 'Model', { assumedBy: new ServicePrincipal('sagemaker.amazonaws.com') });
    const bucket = newBucket(stack);
    newEndpoint(stack, {
      model: {
        executionRoleArn: role.roleArn,
        primaryContainer: {
          image: image.valueAsString,
          modelDataUrl: `s3://${bucket.bucketName}/iris.tar.gz`,
          environment: { LEVEL: Fn.conditionIf('Debug', 'debug', 'info') },
        },
      },
    });
    const text = JSON.stringify(gateOf(stack).Values);
    expect(text).toContain('{"Ref":"Image"}');
    expect(text).toContain('{"Fn::If":["Debug","debug","info"]}');
    expect(text).toMatch(/\{"Fn::GetAtt":\["Model\w+","Arn"\]\}/);
    expect(text).toContain('{"Ref":"FreshpointData33F10FCE"}');
  });

  test('are found in nested settings of configs and endpoint', () => {
    const stack = newStack();
    const key = new CfnParameter(stack, 'Key').valueAsString;
    const alarm = new Alarm(stack, 'Alarm', {
      metric: new Metric({ namespace: 'n', metricName: 'm' }),
      threshold: 1,
      evaluationPeriods: 1,
    });
    newEndpoint(stack, {
      config: {
        dataCaptureConfig: {
          captureOptions: [],
          destinationS3Uri: 's3://b',
          initialSamplingPercentage: 1,
          kmsKeyId: key,
        },
      },
      endpoint: { deploymentConfig: { autoRollbackConfiguration: { alarms: [{ alarmName: alarm.alarmName }] } } },
    });
    expect(gateOf(stack).Values).toEqual(
      expect.arrayContaining([{ Ref: 'Key' }, { Ref: expect.stringMatching(/^Alarm/) }]),
    );
  });

  test('never name a model, a config or the endpoint', () => {
    const { Values } = gateWith({ model: { modelName: 'iris' }, config: { endpointConfigName: 'iris' } });
    expect(JSON.stringify(Values)).not.toMatch(/Iris(Models|Endpoint)/);
  });
});

describe('resources do not depend on each other in a cycle', () => {
  /** Logical ids of resources that depend on themselves. */
  function cycles(stack: Stack): string[] {
    const ids = Object.keys((Template.fromStack(stack).toJSON() as { Resources: object }).Resources);
    return ids.filter((id) => dependenciesOf(stack, new RegExp(`^${id}$`)).has(id));
  }

  test('with the bucket in the same stack', () => {
    const stack = newStack();
    newEndpoint(stack, { modelsBucket: newBucket(stack) });
    expect(cycles(stack)).toEqual([]);
  });

  test('with the bucket, the role and the refresher in other stacks of the app', () => {
    const app = newApp();
    const data = new Stack(app, 'Data');
    const bucket = new Bucket(data, 'Bucket', { eventBridgeEnabled: true });
    const shared = new Stack(app, 'Shared');
    const refresher = new Refresher(shared, 'Refresher');
    const stacks = ['One', 'Two'].map((id) => new Stack(app, id));
    for (const stack of stacks) {
      newEndpoint(stack, { modelsBucket: bucket, refresher, endpoint: { endpointName: stack.stackName } });
    }
    app.synth();
    for (const stack of [data, shared, ...stacks]) expect(cycles(stack)).toEqual([]);
    expect(stacks[0]!.dependencies.map(({ stackName }) => stackName).sort()).toEqual(['Data', 'Shared']);
    expect(shared.dependencies).toEqual([]);
    expect(gateOf(stacks[0]!).ServiceToken).toEqual({ 'Fn::ImportValue': expect.stringMatching(/^Shared:/) });
  });

  test('with two endpoints of which one refers to the other', () => {
    const stack = newStack();
    const first = newEndpoint(stack);
    newEndpoint(
      stack,
      {
        endpoint: { endpointName: 'other' },
        model: { primaryContainer: { image, modelDataUrl: 's3://b/k', environment: { NEXT: first.attrEndpointName } } },
      },
      'Other',
    );
    expect(cycles(stack)).toEqual([]);
  });
});
