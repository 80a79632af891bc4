import { Aspects, CfnParameter, type IAspect, type Stack, Tags } from 'aws-cdk-lib';
import { Alarm, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnEndpoint, CfnEndpointConfig, CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import type { IConstruct } from 'constructs';
import { describe, expect, test } from 'vitest';
import type { SagemakerEndpoint } from '../src/index';
import { suffixedName } from '../src/private/naming';
import { newStack } from './support/apps.ts';
import { type Changes, image, newEndpoint, ofSlotA, propertiesOf, resourcesOf } from './support/stacks.ts';

interface Names {
  readonly model: unknown;
  readonly a: unknown;
  readonly b: unknown;
}

type Touch = (endpoint: SagemakerEndpoint, stack: Stack) => void;

/** The names of an endpoint whose model and config are called iris. */
function namesOf(changes: Changes = {}, touch?: Touch): Names {
  const stack = newStack();
  const endpoint = newEndpoint(stack, {
    ...changes,
    model: { modelName: 'iris', ...changes.model },
    config: { endpointConfigName: 'iris', ...changes.config },
  });
  touch?.(endpoint, stack);
  return {
    model: propertiesOf(stack, 'AWS::SageMaker::Model', ofSlotA).ModelName,
    a: propertiesOf(stack, 'AWS::SageMaker::EndpointConfig', /ConfigA/).EndpointConfigName,
    b: propertiesOf(stack, 'AWS::SageMaker::EndpointConfig', /ConfigB/).EndpointConfigName,
  };
}

/** Logical ids of the configs of an endpoint without names. */
function configIds(changes: Changes = {}, touch?: Touch): string[] {
  const stack = newStack();
  const endpoint = newEndpoint(stack, changes);
  touch?.(endpoint, stack);
  return Object.keys(resourcesOf(stack, 'AWS::SageMaker::EndpointConfig'));
}

function onEach(kind: abstract new (...args: never[]) => IConstruct, change: (resource: never) => void): IAspect {
  return {
    visit(node) {
      if (node instanceof kind) change(node as never);
    },
  };
}

const blueGreen = (type: string) => ({
  deploymentConfig: { blueGreenUpdatePolicy: { trafficRoutingConfiguration: { type } } },
});

/** Each renews the configs: an update of the endpoint to the config in use is rejected. */
const ENDPOINT_SETTINGS = [
  { retainAllVariantProperties: true },
  { retainDeploymentConfig: true },
  { excludeRetainedVariantProperties: [{ variantPropertyType: 'DesiredWeight' }] },
  { futureSetting: 'on' },
];

describe('given names', () => {
  test('get a digest as suffix, and those of configs also the slot', () => {
    const { model, a, b } = namesOf();
    expect(model).toMatch(/^iris-[0-9a-f]{8}$/);
    expect(a).toMatch(/^iris-[0-9a-f]{8}-a$/);
    expect(b).toMatch(/^iris-[0-9a-f]{8}-b$/);
  });

  test('are equal in every synthesis', () => {
    expect(namesOf()).toEqual(namesOf());
  });

  test('do not depend on the order of properties and on tags', () => {
    const container = { image, modelDataUrl: 's3://b/iris.tar.gz' };
    const plain = namesOf({ model: { primaryContainer: { ...container, environment: { A: '1', B: '2' } } } });
    expect(
      namesOf(
        {
          model: {
            tags: [{ key: 'team', value: 'ml' }],
            primaryContainer: { environment: { B: '2', A: '1' }, modelDataUrl: container.modelDataUrl, image },
          },
          config: { tags: [{ key: 'team', value: 'ml' }] },
          endpoint: { tags: [{ key: 'team', value: 'ml' }] },
        },
        (_, stack) => Tags.of(stack).add('cost', 'centre'),
      ),
    ).toEqual(plain);
  });

  test('of model and configs change with a setting of the model', () => {
    const environment = { LEVEL: 'debug' };
    const data = { image, modelDataUrl: 's3://b/iris.tar.gz' };
    expectAllNew(
      namesOf({ model: { primaryContainer: data } }),
      namesOf({ model: { primaryContainer: { ...data, environment } } }),
    );
  });

  test('of the configs alone change with a setting of the config', () => {
    expectNewConfigs(namesOf(), namesOf({ config: { kmsKeyId: 'key' } }));
  });

  test('of the configs alone change with the deployment config', () => {
    expectNewConfigs(namesOf(), namesOf({ endpoint: blueGreen('CANARY') }));
    expectNewConfigs(namesOf({ endpoint: blueGreen('ALL_AT_ONCE') }), namesOf({ endpoint: blueGreen('CANARY') }));
  });

  test.each(ENDPOINT_SETTINGS)('of the configs alone change with %j alone', (endpoint) => {
    expectNewConfigs(namesOf(), namesOf({ endpoint }));
  });

  test('change with overrides and aspects', () => {
    expectAllNew(
      namesOf(),
      namesOf({}, ({ models }) => {
        for (const model of models) model.addPropertyOverride('PrimaryContainer.Mode', 'SingleModel');
      }),
    );
    expectAllNew(
      namesOf(),
      namesOf({}, (_, stack) => {
        Aspects.of(stack).add(
          onEach(CfnModel, (model: CfnModel) => {
            model.enableNetworkIsolation = true;
          }),
        );
      }),
    );
    expectNewConfigs(
      namesOf(),
      namesOf({}, (_, stack) => {
        Aspects.of(stack).add(
          onEach(CfnEndpointConfig, (config: CfnEndpointConfig) => {
            config.kmsKeyId = 'key';
          }),
        );
      }),
    );
  });

  test('are shortened to 63 characters including digest and slot', () => {
    const long = `${'x'.repeat(50)}-${'y'.repeat(40)}`;
    const { model, a } = namesOf({ model: { modelName: long }, config: { endpointConfigName: long } });
    expect(model).toMatch(/^x{50}-y{3}-[0-9a-f]{8}$/);
    expect(a).toMatch(/^x{50}-y-[0-9a-f]{8}-a$/);
    expect([String(model).length, String(a).length]).toEqual([63, 63]);
  });

  test('have no two hyphens before the suffix when they are shortened', () => {
    expect(suffixedName(`${'x'.repeat(53)}-yy`, '-01234567')).toBe(`${'x'.repeat(53)}-01234567`);
  });

  test('that are tokens get the suffix too', () => {
    const stack = newStack();
    const name = new CfnParameter(stack, 'Name').valueAsString;
    newEndpoint(stack, { model: { modelName: name } });
    expect(propertiesOf(stack, 'AWS::SageMaker::Model', ofSlotA).ModelName).toEqual({
      'Fn::Join': ['', [{ Ref: 'Name' }, expect.stringMatching(/^-[0-9a-f]{8}$/)]],
    });
  });
});

describe('generated names', () => {
  test('are not in the template', () => {
    const stack = newStack();
    newEndpoint(stack);
    expect(propertiesOf(stack, 'AWS::SageMaker::Model', ofSlotA)).not.toHaveProperty('ModelName');
    for (const { Properties } of Object.values(resourcesOf(stack, 'AWS::SageMaker::EndpointConfig'))) {
      expect(Properties).not.toHaveProperty('EndpointConfigName');
    }
  });

  test('of the configs are new for another deployment config', () => {
    const none = configIds();
    const canary = configIds({ endpoint: blueGreen('CANARY') });
    const atOnce = configIds({ endpoint: blueGreen('ALL_AT_ONCE') });
    expect(new Set([...none, ...canary, ...atOnce]).size).toBe(6);
    expect(configIds({ endpoint: blueGreen('CANARY') })).toEqual(canary);
  });

  test('of the configs are new for a deployment config that an aspect sets', () => {
    const { deploymentConfig } = blueGreen('CANARY');
    const aspect = onEach(CfnEndpoint, (endpoint: CfnEndpoint) => {
      endpoint.deploymentConfig = deploymentConfig;
    });
    expect(configIds({}, (_, stack) => Aspects.of(stack).add(aspect))).toEqual(
      configIds({ endpoint: blueGreen('CANARY') }),
    );
  });

  test('work with a deployment config that refers to other resources', () => {
    const stack = newStack();
    const metric = new Metric({ namespace: 'n', metricName: 'm' });
    const alarm = new Alarm(stack, 'Alarm', { metric, threshold: 1, evaluationPeriods: 1 });
    newEndpoint(stack, {
      endpoint: { deploymentConfig: { autoRollbackConfiguration: { alarms: [{ alarmName: alarm.alarmName }] } } },
    });
    const [a] = Object.keys(resourcesOf(stack, 'AWS::SageMaker::EndpointConfig'));
    expect(propertiesOf(stack, 'AWS::SageMaker::Endpoint').EndpointConfigName).toEqual({
      'Fn::GetAtt': [a, 'EndpointConfigName'],
    });
  });

  test('do not depend on the name and the tags of the endpoint', () => {
    expect(configIds({ endpoint: { endpointName: 'tulip', tags: [{ key: 'team', value: 'ml' }] } })).toEqual(
      configIds(),
    );
  });

  test.each(ENDPOINT_SETTINGS)('of the configs are new for %j alone', (endpoint) => {
    expect(configIds({ endpoint })).not.toEqual(configIds());
    expect(configIds({ endpoint })).toEqual(configIds({ endpoint }));
  });

  test('of models can be combined with given names of configs', () => {
    const plain = namesOf({ model: { modelName: undefined } });
    const renewed = namesOf({ model: { modelName: undefined, enableNetworkIsolation: true } });
    expect(plain.model).toBeUndefined();
    expect(renewed.a).not.toBe(plain.a);
  });
});

function expectAllNew(before: Names, after: Names): void {
  expect(after.model).not.toBe(before.model);
  expectConfigsRenewed(before, after);
}

function expectNewConfigs(before: Names, after: Names): void {
  expect(after.model).toBe(before.model);
  expectConfigsRenewed(before, after);
}

function expectConfigsRenewed(before: Names, after: Names): void {
  expect(after.a).not.toBe(before.a);
  expect(after.b).not.toBe(before.b);
}
