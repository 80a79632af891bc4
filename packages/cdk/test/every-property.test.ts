import type { CfnResource } from 'aws-cdk-lib';
import { Bucket, EventType } from 'aws-cdk-lib/aws-s3';
import type { CfnEndpointConfigProps, CfnEndpointProps } from 'aws-cdk-lib/aws-sagemaker';
import { describe, expect, test } from 'vitest';
import type { SagemakerEndpoint } from '../src/index';
import { newStack } from './support/apps.ts';
import { KNOWN } from './support/known-properties.ts';
import { cdkVersion, type Leaf, leavesOf } from './support/l1-types.ts';
import { executionRoleArn, newEndpoint } from './support/stacks.ts';

type PropsName = keyof typeof KNOWN;
type Sample = Record<string, unknown>;

/** Two endpoints with the same sample of one of the L1 props. */
interface Endpoints {
  /** Model and configs have a given name. */
  readonly named: SagemakerEndpoint;
  /** Their names are generated. */
  readonly unnamed: SagemakerEndpoint;
}

function endpointsWith(props: PropsName, sample: Sample): Endpoints {
  const stack = newStack();
  const modelsBucket = Bucket.fromBucketName(stack, 'Bucket', 'models');
  const endpointWith = (id: string, name: string | undefined) => {
    const config: Sample = { endpointConfigName: name, ...(props === 'CfnEndpointConfigProps' && sample) };
    const variants = (config.productionVariants as Sample[] | undefined) ?? [{ variantName: 'all' }];
    const shadows = config.shadowProductionVariants as Sample[] | undefined;
    const model = { executionRoleArn, modelName: name, ...(props === 'CfnModelProps' && sample) };
    return newEndpoint(
      stack,
      {
        modelsProps: [
          { customId: 'one', props: model },
          { customId: 'two', props: { executionRoleArn, enableNetworkIsolation: false } },
        ],
        config: {
          ...config,
          productionVariants: variants.map((each) => ({ modelName: 'one', ...each })),
          ...(shadows && { shadowProductionVariants: shadows.map((each) => ({ modelName: 'one', ...each })) }),
        } as Partial<CfnEndpointConfigProps>,
        endpoint: {
          ...(props === 'CfnEndpointProps' && (sample as Partial<CfnEndpointProps>)),
          endpointName: `${sample.endpointName ?? 'iris'}-${id}`,
          endpointConfigName: (config.endpointConfigName as string) ?? 'any',
        },
        modelsBucket,
        bucketEvents: [{ eventType: EventType.OBJECT_CREATED, keyFilters: [{ prefix: 'models/' }] }],
      },
      id,
    );
  };
  return { named: endpointWith('Named', 'iris'), unnamed: endpointWith('Unnamed', undefined) };
}

/** The resource as in the template, without the cost of a synthesis: the other tests synthesize. */
function rendered(resource: CfnResource): { logicalId: string; properties: Record<string, unknown> } {
  const { Resources } = resource.stack.resolve(resource._toCloudFormation()) as {
    Resources: Record<string, { Properties: Record<string, unknown> }>;
  };
  const [entry] = Object.entries(Resources);
  return { logicalId: entry![0], properties: entry![1].Properties };
}

/** The parts of the template that CloudFormation compares. */
function comparedParts(endpoint: SagemakerEndpoint, props: PropsName) {
  const model = rendered(endpoint.modelsProps[0]!.cfnModel);
  const config = rendered(endpoint.endpointConfigB);
  const gate = rendered(endpoint.node.findChild('DeploymentGate').node.defaultChild as CfnResource);
  const resource = {
    CfnModelProps: model,
    CfnEndpointConfigProps: config,
    CfnEndpointProps: rendered(endpoint.endpoint),
  }[props];
  return {
    resource: JSON.stringify(resource.properties),
    gate: JSON.stringify([gate.properties.Digest, gate.properties.Values]),
    modelName: model.properties.ModelName,
    configName: config.properties.EndpointConfigName,
    configId: config.logicalId,
  };
}

type Part = keyof ReturnType<typeof comparedParts>;

/** The sample with values that the construct accepts. */
function valid(path: string, sample: Sample, which: 1 | 2): Sample {
  const text = JSON.stringify(sample, (key, value) => {
    if (key === 'modelDataUrl' || key === 's3Uri') return `s3://models/model-${which}.tar.gz`;
    if (key === 'executionRoleArn') return `${executionRoleArn}-${which}`;
    if (key === 'instanceType') return `ml.${value}`;
    if (/modelName(Override)?$/.test(key) && !/^modelName/.test(path)) return which === 1 ? 'one' : 'two';
    return value;
  });
  return JSON.parse(text);
}

/** For both endpoints: whether a part of the template differs between two values of the leaf. */
function changesOf(props: PropsName, { path, sample }: Leaf): Record<keyof Endpoints, (part: Part) => boolean> {
  const [one, two] = ([1, 2] as const).map((which) => endpointsWith(props, valid(path, sample(which), which)));
  const changes = (kind: keyof Endpoints) => {
    const [before, after] = [comparedParts(one![kind], props), comparedParts(two![kind], props)];
    return (part: Part) => before[part] !== after[part];
  };
  return { named: changes('named'), unnamed: changes('unnamed') };
}

describe.each(Object.keys(KNOWN) as PropsName[])('%s of aws-cdk-lib', (props) => {
  const leaves = leavesOf(props);

  test('has the properties that are known', () => {
    const found = leaves.map(({ path }) => path);
    const unknown = found.filter((path) => !(path in KNOWN[props]));
    const why =
      `aws-cdk-lib ${cdkVersion} has unknown properties of ${props}. The construct passes them on. Check whether ` +
      'they name a model, a config or an endpoint, then add them to test/support/known-properties.ts.';
    expect(unknown, why).toEqual([]);
    expect(Object.keys(KNOWN[props]).filter((path) => !found.includes(path))).toEqual([]);
  });

  const of = (treatment: string) => leaves.filter(({ path }) => KNOWN[props][path] === treatment);

  test.each(of('setting').map((leaf) => [leaf.path, leaf] as const))(
    '%s is passed on, and a change of it updates the endpoint',
    (_, leaf) => {
      const { named, unnamed } = changesOf(props, leaf);
      expect(named('resource')).toBe(true);
      expect(named('gate')).toBe(true);
      expect(named('modelName')).toBe(props === 'CfnModelProps');
      expect(named('configName')).toBe(true);
      expect(unnamed('gate')).toBe(true);
      expect(unnamed('configId')).toBe(props === 'CfnEndpointProps');
    },
  );

  test.each(of('name').map((leaf) => [leaf.path, leaf] as const))('%s names the resource', (_, leaf) => {
    const { named } = changesOf(props, leaf);
    expect(named('resource')).toBe(true);
    expect(named('gate')).toBe(true);
  });

  test.each(of('tags').map((leaf) => [leaf.path, leaf] as const))(
    '%s is passed on, and a change of it asks the gate and replaces nothing',
    (_, leaf) => {
      for (const changed of Object.values(changesOf(props, leaf))) {
        expect(changed('resource')).toBe(true);
        expect(changed('gate')).toBe(true);
        expect(changed('modelName') || changed('configName') || changed('configId')).toBe(false);
      }
    },
  );

  test.each(of('dropped').map((leaf) => [leaf.path, leaf] as const))('%s is not passed on', (_, { sample }) => {
    const [text] = Object.values(sample(1));
    expect(comparedParts(endpointsWith(props, sample(1)).named, props).resource).not.toContain(text);
  });
});
