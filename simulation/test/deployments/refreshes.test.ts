import { describe, expect, test } from 'vitest';
import { SERVING_STACK, VARIANT } from '../../deployments/settings-app.ts';
import { DeploymentRig, debug, MINUTE_MS, oneEndpoint, SLOTS } from './rig.ts';

const rig = new DeploymentRig();

describe('a deployment that meets a refresh', () => {
  test('waits until the endpoint is idle, then continues', async () => {
    await rig.liveOn('a');
    await rig.account.upload('v2');
    await rig.account.until('the controller swaps', () => rig.account.updates.length === 1);
    const deployed = rig.account.start(oneEndpoint(debug));
    await rig.account.until('the gate waits', () => rig.account.decisions.at(-1)?.reason === 'DeploymentWaiting');
    expect(rig.when(/Models/, 'UPDATE_IN_PROGRESS')).toBeNaN();
    await rig.account.run(deployed);
    await rig.account.settle();
    expect(rig.movers()).toEqual(['controller', 'stack']);
    await rig.expectServed('v2');
    expect((await rig.account.live()).models[0]?.PrimaryContainer?.Environment).toEqual({ LEVEL: 'debug' });
  });

  test.each(SLOTS)(
    'that the endpoint refuses continues after it with the serving revision, while slot %s is live',
    async (slot) => {
      const served = await rig.liveOn(slot);
      await rig.account.uploadBroken('bad');
      await rig.account.until('the controller swaps', () => rig.account.updates.length === 1);
      await rig.account.deploy(oneEndpoint(debug));
      await rig.account.settle();
      expect(rig.movers()).toEqual(['controller', 'stack']);
      await rig.expectServed(served);
      await rig.refresh('v3');
      await rig.expectServed('v3');
    },
  );

  test('that the endpoint refuses fails with data in place, because its fleet would load the same', async () => {
    await rig.liveOn('a', oneEndpoint({ inPlace: true }));
    await rig.account.uploadBroken('bad');
    await rig.account.until('the controller swaps', () => rig.account.updates.length === 1);
    // The new fleets load the stored bytes, which are broken: the deployment fails as the refresh did.
    await expect(rig.account.deploy(oneEndpoint({ ...debug, inPlace: true }))).rejects.toThrow(
      /UPDATE_ROLLBACK_COMPLETE/,
    );
    await rig.account.settle();
    await rig.expectServed('v1');
    await rig.refresh('v2');
    await rig.expectServed('v2');
    await rig.account.deploy(oneEndpoint({ ...debug, inPlace: true }));
    await rig.expectServed('v2');
  });
});

describe('a deployment succeeds', () => {
  test('although the endpoint is suspended, and it stays suspended', async () => {
    await rig.liveOn('b');
    const suspension = { by: 'person', at: rig.account.clock.now() };
    await rig.account.replaceState(JSON.stringify({ ...(await rig.account.state()), suspension }));
    await rig.account.deploy(oneEndpoint(debug));
    await rig.account.upload('v3');
    await rig.account.pass(30 * MINUTE_MS);
    expect(rig.movers()).toEqual(['stack']);
    await rig.expectServed('v2');
    expect((await rig.account.state()).suspension).toEqual(suspension);
  });

  test('although a person moved the endpoint to another config', async () => {
    await rig.liveOn('b');
    const { config } = await rig.account.live();
    await rig.account.call('sagemaker', 'CreateEndpointConfig', {
      EndpointConfigName: 'by-hand',
      ProductionVariants: config.ProductionVariants,
    });
    await rig.account.call('sagemaker', 'UpdateEndpoint', { EndpointName: 'Iris', EndpointConfigName: 'by-hand' });
    rig.account.updates.length = 0;
    await rig.account.deploy(oneEndpoint(debug));
    await rig.account.settle();
    // It is unknown which slot's data that config loads, so none is written: A serves its old data, then B the newest.
    expect(rig.movers()).toEqual(['stack', 'controller']);
    expect(await rig.account.slot()).toBe('b');
    await rig.expectServed('v2');
  });
});

describe('earlier bytes', () => {
  const onceAt = (status: string, act: () => void) => {
    let isSeen = false;
    return ({ type, status: now }: { type: string; status: string }) => {
      if (isSeen || type !== 'AWS::SageMaker::Endpoint' || now !== status) return;
      isSeen = true;
      act();
    };
  };

  test.each(['Iris', 'Tulip'])(
    'uploaded after the fleet of a deployment of %s has loaded others are served',
    async (endpointName) => {
      await rig.liveOn('a');
      const [first, last] = [
        onceAt('UPDATE_IN_PROGRESS', () => void rig.account.put('v2')),
        onceAt('UPDATE_COMPLETE', () => void rig.account.put('v1')),
      ];
      await rig.account.deploy(oneEndpoint({ endpointName, ...debug }), SERVING_STACK, (event) => {
        first(event);
        last(event);
      });
      await rig.account.settle();
      await rig.expectServed('v1', endpointName);
    },
  );

  test('uploaded after the fleet of a refresh has loaded others are served', async () => {
    await rig.liveOn('a');
    await rig.account.upload('v2');
    await rig.account.until('the controller swaps', () => rig.account.updates.length === 1);
    await rig.account.upload('v3');
    await rig.account.until(
      'the endpoint is InService',
      async () => (await rig.account.live()).endpoint.EndpointStatus === 'InService',
    );
    await rig.account.upload('v2');
    await rig.account.settle();
    await rig.expectServed('v2');
  });
});

describe('a state that was deleted by hand', () => {
  test.each([false, true])('is rebuilt, and no swap follows; data in place: %s', async (inPlace) => {
    const settings = oneEndpoint(inPlace ? { inPlace } : {});
    const version = await rig.liveOn('b', settings);
    const { serving } = await rig.account.state();
    await rig.account.replaceState();
    await rig.account.pass(90 * MINUTE_MS);
    expect(rig.movers()).toEqual([]);
    expect((await rig.account.state()).serving).toMatchObject({ revision: serving?.revision });
    await rig.expectServed(version);
    await rig.refresh('v3');
    await rig.expectServed('v3');
  });

  test('makes a deployment wait until it is rebuilt', async () => {
    await rig.liveOn('b');
    await rig.account.replaceState();
    await rig.account.deploy(oneEndpoint(debug));
    await rig.account.settle();
    expect(rig.movers()).toEqual(['stack']);
    await rig.expectServed('v2');
  });

  test('during a swap is rebuilt with the update, which is concluded and published', async () => {
    await rig.liveOn('a');
    await rig.account.upload('v2');
    await rig.account.until('the controller swaps', () => rig.account.updates.length === 1);
    await rig.account.replaceState();
    await rig.account.settle();
    expect(rig.movers()).toEqual(['controller']);
    expect(rig.account.decisions.some(({ decision }) => decision === 'succeeded')).toBe(true);
    await rig.expectServed('v2');
  });
});

test('a role that is deleted and created again with its name keeps its access to the slot data', async () => {
  await rig.liveOn('a');
  const { Models } = await rig.account.call('sagemaker', 'ListModels');
  const { ModelName } = Models[0] ?? {};
  const { ExecutionRoleArn: arn } = await rig.account.call('sagemaker', 'DescribeModel', { ModelName });
  const RoleName = arn.slice(arn.lastIndexOf('/') + 1);
  const { Role } = await rig.account.call('iam', 'GetRole', { RoleName });
  const { PolicyNames } = await rig.account.call('iam', 'ListRolePolicies', { RoleName });
  for (const PolicyName of PolicyNames) await rig.account.call('iam', 'DeleteRolePolicy', { RoleName, PolicyName });
  await rig.account.call('iam', 'DeleteRole', { RoleName });
  const AssumeRolePolicyDocument = decodeURIComponent(Role.AssumeRolePolicyDocument);
  await rig.account.call('iam', 'CreateRole', { RoleName, AssumeRolePolicyDocument });

  // New instances of the fleet load the slot data: to scale out, and after a swap.
  await rig.account.call('sagemaker', 'UpdateEndpointWeightsAndCapacities', {
    EndpointName: 'Iris',
    DesiredWeightsAndCapacities: [{ VariantName: VARIANT.variantName, DesiredInstanceCount: 3 }],
  });
  await rig.account.settle();
  const { ProductionVariants = [] } = await rig.account.call('sagemaker', 'DescribeEndpoint', { EndpointName: 'Iris' });
  expect(ProductionVariants.map(({ CurrentInstanceCount }) => CurrentInstanceCount)).toEqual([3]);
  await rig.refresh('v2');
  await rig.expectServed('v2');
});
