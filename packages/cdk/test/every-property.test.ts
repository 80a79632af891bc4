import type { Stack } from 'aws-cdk-lib';
import { EventType } from 'aws-cdk-lib/aws-s3';
import type { CfnEndpointConfigProps, CfnEndpointProps } from 'aws-cdk-lib/aws-sagemaker';
import { describe, expect, test } from 'vitest';
import { GATE_RESOURCE_TYPE } from '../src/contract';
import { KNOWN } from './support/known-properties.ts';
import { cdkVersion, type Leaf, leavesOf } from './support/l1-types.ts';
import { newBucket, newEndpoint, newStack, propertiesOf, Template } from './support/stacks.ts';

type PropsName = keyof typeof KNOWN;
type Sample = Record<string, unknown>;

const RESOURCE: Record<PropsName, { type: string; id: RegExp }> = {
  CfnModelProps: { type: 'AWS::SageMaker::Model', id: /Modelsone/ },
  CfnEndpointConfigProps: { type: 'AWS::SageMaker::EndpointConfig', id: /ConfigB/ },
  CfnEndpointProps: { type: 'AWS::SageMaker::Endpoint', id: /./ },
};

/** A stack with an endpoint of two models, of whose L1 props one sample is set. Names are given unless `unnamed`. */
function stackWith(props: PropsName, sample: Sample, unnamed = false): Stack {
  const stack = newStack();
  const name = unnamed ? undefined : 'iris';
  const config: Sample = { endpointConfigName: name, ...(props === 'CfnEndpointConfigProps' && sample) };
  const variants = config.productionVariants as Sample[] | undefined;
  const model = { executionRoleArn: 'role', modelName: name, ...(props === 'CfnModelProps' && sample) };
  newEndpoint(stack, {
    modelsProps: [
      { customId: 'one', props: model },
      { customId: 'two', props: { enableNetworkIsolation: false } },
    ],
    config: {
      ...config,
      productionVariants: (variants ?? [{ variantName: 'all' }]).map((each) => ({ modelName: 'one', ...each })),
      ...withModel(config.shadowProductionVariants),
    } as Partial<CfnEndpointConfigProps>,
    endpoint: {
      ...(props === 'CfnEndpointProps' && (sample as Partial<CfnEndpointProps>)),
      endpointConfigName: (config.endpointConfigName as string) ?? 'any',
    },
    modelsBucket: newBucket(stack),
    bucketEvents: [{ eventType: EventType.OBJECT_CREATED, keyFilters: [{ prefix: 'models/' }] }],
  });
  return stack;
}

function withModel(shadows: unknown): object {
  if (shadows === undefined) return {};
  return { shadowProductionVariants: (shadows as Sample[]).map((each) => ({ modelName: 'one', ...each })) };
}

/** What CloudFormation compares, of one stack. */
function seen(stack: Stack, props: PropsName) {
  const { type, id } = RESOURCE[props];
  const { Resources } = Template.fromStack(stack).toJSON() as { Resources: Record<string, { Type: string }> };
  const of = (each: string, which: RegExp) => JSON.stringify(propertiesOf(stack, each, which));
  const { Digest, Values } = propertiesOf(stack, GATE_RESOURCE_TYPE);
  return {
    resource: of(type, id),
    prepare: JSON.stringify({ Digest, Values }),
    modelName: propertiesOf(stack, 'AWS::SageMaker::Model', /Modelsone/).ModelName,
    configName: propertiesOf(stack, 'AWS::SageMaker::EndpointConfig', /ConfigB/).EndpointConfigName,
    configId: Object.keys(Resources).find((key) => /ConfigB/.test(key)),
  };
}

/** The sample with texts that the construct takes in place of made-up ones. */
function valid(path: string, sample: Sample, which: 1 | 2): Sample {
  const text = JSON.stringify(sample, (key, value) => {
    if (key === 'modelDataUrl' || key === 's3Uri') return `s3://models/model-${which}.tar.gz`;
    if (/modelName(Override)?$/.test(key) && !/^modelName/.test(path)) return which === 1 ? 'one' : 'two';
    return value;
  });
  return JSON.parse(text);
}

function differ(props: PropsName, { path, sample }: Leaf, unnamed = false) {
  const [first, second] = ([1, 2] as const).map((which) =>
    seen(stackWith(props, valid(path, sample(which), which), unnamed), props),
  );
  return (what: keyof ReturnType<typeof seen>) => first![what] !== second![what];
}

describe.each(Object.keys(KNOWN) as PropsName[])('%s of aws-cdk-lib', (props) => {
  const leaves = leavesOf(props);

  test('has the properties that are known', () => {
    const found = leaves.map(({ path }) => path);
    const news = found.filter((path) => !(path in KNOWN[props]));
    const why =
      `aws-cdk-lib ${cdkVersion} has properties of ${props} that nobody has looked at. The construct passes them on; ` +
      'see whether they name a model, a config or an endpoint, then add them to test/support/known-properties.ts';
    expect(news, why).toEqual([]);
    expect(Object.keys(KNOWN[props]).filter((path) => !found.includes(path))).toEqual([]);
  });

  const of = (treatment: string) => leaves.filter(({ path }) => KNOWN[props][path] === treatment);

  test.each(of('setting').map((leaf) => [leaf.path, leaf] as const))(
    '%s is passed on, and a change of it moves the endpoint',
    (path, leaf) => {
      const named = differ(props, leaf);
      expect(named('resource')).toBe(true);
      expect(named('prepare')).toBe(true);
      const renews = props !== 'CfnEndpointProps' || path.startsWith('deploymentConfig.');
      expect(named('modelName')).toBe(props === 'CfnModelProps');
      expect(named('configName')).toBe(renews);
      const unnamed = differ(props, leaf, true);
      expect(unnamed('prepare')).toBe(true);
      expect(unnamed('configId')).toBe(path.startsWith('deploymentConfig.'));
    },
  );

  test.each(of('name').map((leaf) => [leaf.path, leaf] as const))('%s names the resource', (_, leaf) => {
    const changed = differ(props, leaf);
    expect(changed('resource')).toBe(true);
    expect(changed('prepare')).toBe(true);
  });

  test.each(of('tags').map((leaf) => [leaf.path, leaf] as const))('%s is passed on and replaces nothing', (_, leaf) => {
    for (const unnamed of [false, true]) {
      const changed = differ(props, leaf, unnamed);
      expect(changed('resource')).toBe(true);
      expect(changed('prepare') || changed('modelName') || changed('configName') || changed('configId')).toBe(false);
    }
  });

  test.each(of('dropped').map((leaf) => [leaf.path, leaf] as const))('%s is not passed on', (_, { sample }) => {
    const stack = stackWith(props, sample(1));
    const [text] = Object.values(sample(1));
    expect(JSON.stringify(propertiesOf(stack, RESOURCE[props].type, RESOURCE[props].id))).not.toContain(text);
  });
});
