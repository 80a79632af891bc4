import { describe, expect, test } from 'vitest';
import { OTHER_KEY, type Settings, VARIANT } from '../deployments/settings-app.ts';
import { containerOf, type Live, VirtualAccount } from '../deployments/virtual-account.ts';

interface Change {
  readonly of: string;
  /** @default no settings */
  readonly from?: Settings;
  readonly to: Settings;
  /** Both slots load the sources, so they share the model. */
  readonly shared?: true;
  /** Reads what the endpoint runs afterwards. */
  readonly seen: (live: Live) => unknown;
  readonly expected: unknown;
  /** Only the configs are new. */
  readonly models?: 'kept';
  /** The key that the model loads afterwards. @default as before */
  readonly key?: string;
}

const variant = ({ config }: Live) => config.ProductionVariants[0];
const variantNames = ({ endpoint }: Live) =>
  (endpoint.ProductionVariants ?? []).map(({ VariantName }) => VariantName).sort();
const OTHER = { ...VARIANT, variantName: 'Other' };
const CANARY = {
  blueGreenUpdatePolicy: {
    trafficRoutingConfiguration: {
      type: 'CANARY',
      canarySize: { type: 'CAPACITY_PERCENT', value: 50 },
      waitIntervalInSeconds: 60,
    },
  },
};

const CHANGES: readonly Change[] = [
  {
    of: 'the image',
    to: { containers: [{ image: 'iris:2' }] },
    seen: (live) => containerOf(live).Image,
    expected: 'iris:2',
  },
  {
    of: 'the environment',
    to: { containers: [{ environment: { LEVEL: 'debug' } }] },
    seen: (live) => containerOf(live).Environment,
    expected: { LEVEL: 'debug' },
  },
  {
    of: 'the execution role',
    to: { role: 'Two' },
    seen: ({ models }) => models[0]?.ExecutionRoleArn,
    expected: expect.stringMatching(/RoleTwo/),
  },
  {
    of: 'the model data, in place',
    from: { inPlace: true },
    to: { inPlace: true, containers: [{ key: OTHER_KEY }] },
    seen: (live) => containerOf(live).ModelDataUrl,
    expected: expect.stringMatching(/other\.tar\.gz$/),
    key: OTHER_KEY,
    shared: true,
  },
  {
    of: 'the model data',
    to: { containers: [{ key: OTHER_KEY }] },
    seen: (live) => containerOf(live).ModelDataUrl,
    // Other sources have another root.
    expected: expect.stringMatching(
      /^s3:\/\/serving-freshpointdata.*\/Serving\/Endpoint\/slots\/[0-9a-f]{8}\/[ab]\/0\/model\.tar\.gz$/,
    ),
    key: OTHER_KEY,
  },
  {
    of: 'data in place to data per slot',
    from: { inPlace: true },
    to: {},
    seen: (live) => containerOf(live).ModelDataUrl,
    expected: expect.stringMatching(/\/[ab]\/0\/model\.tar\.gz$/),
  },
  {
    of: 'data per slot to data in place',
    to: { inPlace: true },
    seen: (live) => containerOf(live).ModelDataUrl,
    expected: expect.stringMatching(/iris\/model\.tar\.gz$/),
    shared: true,
  },
  {
    of: 'the instance type',
    to: { variants: [{ ...VARIANT, instanceType: 'ml.c5.large' }] },
    seen: (live) => variant(live)?.InstanceType,
    expected: 'ml.c5.large',
    models: 'kept',
  },
  {
    of: 'the instance count',
    to: { variants: [{ ...VARIANT, initialInstanceCount: 3 }] },
    seen: ({ endpoint }) => endpoint.ProductionVariants?.[0]?.CurrentInstanceCount,
    expected: 3,
    models: 'kept',
  },
  {
    of: 'a variant’s weight',
    from: { variants: [VARIANT, OTHER] },
    to: { variants: [VARIANT, { ...OTHER, initialVariantWeight: 3 }] },
    seen: ({ endpoint }) => endpoint.ProductionVariants?.map(({ CurrentWeight }) => CurrentWeight),
    expected: [1, 3],
    models: 'kept',
  },
  {
    of: 'the data capture',
    to: {
      config: {
        dataCaptureConfig: {
          captureOptions: [{ captureMode: 'Input' }],
          destinationS3Uri: 's3://captured/',
          initialSamplingPercentage: 5,
        },
      },
    },
    seen: ({ config }) => config.DataCaptureConfig?.InitialSamplingPercentage,
    expected: 5,
    models: 'kept',
  },
  {
    of: 'the async settings',
    to: { config: { asyncInferenceConfig: { outputConfig: { s3OutputPath: 's3://answers/' } } } },
    seen: ({ config }) => config.AsyncInferenceConfig?.OutputConfig.S3OutputPath,
    expected: 's3://answers/',
    models: 'kept',
  },
  {
    of: 'instances to serverless',
    to: {
      variants: [
        { variantName: 'All', modelName: 'model', serverlessConfig: { maxConcurrency: 5, memorySizeInMb: 2048 } },
      ],
    },
    seen: (live) => variant(live)?.ServerlessConfig?.MaxConcurrency,
    expected: 5,
    models: 'kept',
  },
  {
    of: 'the deployment config alone',
    to: { endpoint: { deploymentConfig: CANARY } },
    seen: ({ endpoint }) => endpoint.LastDeploymentConfig?.BlueGreenUpdatePolicy.TrafficRoutingConfiguration.Type,
    expected: 'CANARY',
    models: 'kept',
  },
  {
    of: 'the retained capacity alone',
    to: { endpoint: { retainAllVariantProperties: true } },
    seen: ({ endpoint }) => endpoint.EndpointStatus,
    expected: 'InService',
    models: 'kept',
  },
  {
    of: 'the retained deployment config alone',
    to: { endpoint: { retainDeploymentConfig: true } },
    seen: ({ endpoint }) => endpoint.EndpointStatus,
    expected: 'InService',
    models: 'kept',
  },
  {
    of: 'the excluded properties alone',
    from: { endpoint: { retainAllVariantProperties: true } },
    to: {
      endpoint: {
        retainAllVariantProperties: true,
        excludeRetainedVariantProperties: [{ variantPropertyType: 'DesiredWeight' }],
      },
    },
    seen: ({ endpoint }) => endpoint.EndpointStatus,
    expected: 'InService',
    models: 'kept',
  },
  {
    of: 'the variants, one more',
    to: { variants: [VARIANT, OTHER] },
    seen: variantNames,
    expected: ['All', 'Other'],
    models: 'kept',
  },
  {
    of: 'the variants, one less',
    from: { variants: [VARIANT, OTHER] },
    to: { variants: [VARIANT] },
    seen: variantNames,
    expected: ['All'],
    models: 'kept',
  },
  {
    of: 'the containers, one more',
    to: { containers: [{}, { image: 'after:1', key: OTHER_KEY }] },
    seen: ({ models }) => models[0]?.Containers?.map(({ Image }) => Image),
    expected: ['iris:1', 'after:1'],
  },
  {
    of: 'the containers, one less',
    from: { containers: [{}, { image: 'after:1', key: OTHER_KEY }] },
    to: { containers: [{}] },
    seen: (live) => containerOf(live).Image,
    expected: 'iris:1',
  },
];

describe.each([
  ['with names left to CloudFormation', undefined],
  ['with given names', 'iris'],
])('%s, a change of', (_, given) => {
  const both = CHANGES.flatMap((change) => (['a', 'b'] as const).map((live) => [change.of, live, change] as const));

  test.each(both)('%s while slot %s is live moves the endpoint to it', async (_of, live, change) => {
    const before = { endpoints: { Endpoint: { given, ...change.from } } };
    const account = await VirtualAccount.with(before, { [OTHER_KEY]: 'other' });
    if (live === 'b') {
      await account.upload('v2');
      await account.settle();
    }
    expect(await account.slot()).toBe(live);
    const made = await account.made();
    account.updates.length = 0;

    const { status } = await account.deploy({ endpoints: { Endpoint: { given, ...change.to } } });
    await account.settle();

    expect(status).toBe('UPDATE_COMPLETE');
    const now = await account.live();
    expect(change.seen(now)).toEqual(change.expected);
    expect(await account.slot()).toBe('a');
    expect(account.updates.map(({ by }) => by)).toEqual(['stack']);
    const after = await account.made();
    expect([after.configs.length, after.models.length]).toEqual([2, change.shared ? 1 : 2]);
    expect(after.configs.filter((name) => made.configs.includes(name))).toEqual([]);
    expect(after.models.filter((name) => made.models.includes(name))).toEqual(
      change.models === 'kept' ? made.models : [],
    );
    expect(account.problems).toEqual([]);
    expect(account.invocations).toBeGreaterThan(20);

    // The other slot has the change, too: the next upload is served by it.
    await account.upload('v3', change.key);
    await account.settle();
    expect(await account.slot()).toBe('b');
    expect(change.seen(await account.live())).toEqual(change.expected);
    expect(account.problems).toEqual([]);
    account.stop();
  });
});
