import { describe, expect, test } from 'vitest';
import type { AppSettings, Settings } from '../../deployments/settings-app.ts';
import { testFailingDeployments } from './failing-deployments.ts';
import { DeploymentRig, debug, larger, NAMES, oneEndpoint, SLOTS } from './rig.ts';

const rig = new DeploymentRig();

describe('a deployment', () => {
  test('of other tags asks the gate, replaces nothing and leaves the endpoint where it is', async () => {
    await rig.liveOn('b');
    const made = await rig.account.made();
    const records = await rig.account.history();
    await rig.account.deploy({ ...oneEndpoint(), tag: 'ml' });
    expect(rig.when(/DeploymentGate/, 'UPDATE_COMPLETE')).not.toBeNaN();
    expect(rig.when(/DeploymentConfirmation/, 'UPDATE_COMPLETE')).not.toBeNaN();
    // It did not move the endpoint: there is nothing to record.
    expect((await rig.account.state()).deployment).toBeUndefined();
    expect(await rig.account.history()).toEqual(records);
    await rig.account.settle();
    expect(rig.movers()).toEqual([]);
    expect(await rig.account.slot()).toBe('b');
    expect(await rig.account.made()).toEqual(made);
    const { config } = await rig.account.live();
    const { Tags } = await rig.account.call('sagemaker', 'ListTags', { ResourceArn: config.EndpointConfigArn });
    expect(Tags).toContainEqual({ Key: 'team', Value: 'ml' });
  });

  test.each([{ retainAllVariantProperties: true }, { retainDeploymentConfig: true }])(
    'of %j alone moves the endpoint to new configs, while B is live',
    async (endpoint) => {
      await rig.liveOn('b');
      const { configs } = await rig.account.made();
      await rig.account.deploy(oneEndpoint({ endpoint }));
      await rig.account.settle();
      expect(rig.movers()).toEqual(['stack']);
      expect((await rig.account.made()).configs.filter((name) => configs.includes(name))).toEqual([]);
      await rig.expectServed('v2');
    },
  );

  test('that changes nothing leaves the endpoint on B', async () => {
    await rig.liveOn('b');
    const { changed } = await rig.account.deploy(oneEndpoint());
    expect(changed).toBe(false);
    await rig.account.settle();
    expect(rig.movers()).toEqual([]);
    expect(await rig.account.slot()).toBe('b');
  });

  test('of settings that only the controller reads leaves the endpoint on B', async () => {
    await rig.liveOn('b');
    await rig.account.deploy(oneEndpoint({ waitTime: 30 }));
    await rig.account.settle();
    expect(rig.movers()).toEqual([]);
    expect(await rig.account.slot()).toBe('b');
  });

  test.each(NAMES)('of earlier settings restores them, with %s', async (_, given) => {
    await rig.liveOn('a', oneEndpoint({ given }));
    await rig.account.deploy(oneEndpoint({ given, ...debug }));
    await rig.refresh('v2');
    await rig.account.deploy(oneEndpoint({ given }));
    await rig.refresh('v3');
    await rig.account.deploy(oneEndpoint({ given, ...debug }));
    await rig.account.settle();
    expect(rig.movers()).toEqual(['stack', 'controller', 'stack', 'controller', 'stack']);
    expect((await rig.account.live()).models[0]?.PrimaryContainer?.Environment).toEqual({ LEVEL: 'debug' });
    await rig.expectServed('v3');
    const { configs, models } = await rig.account.made();
    expect([configs.length, models.length]).toEqual([2, 2]);
  });

  test.each(SLOTS)('from names left to given ones and back, while slot %s is live', async (slot) => {
    const version = await rig.liveOn(slot);
    for (const given of ['iris', 'tulip', undefined]) {
      await rig.account.deploy(oneEndpoint({ given }));
      await rig.account.settle();
      expect(rig.movers()).toEqual(['stack']);
      await rig.expectServed(version);
      const { configs } = await rig.account.made();
      expect(configs).toHaveLength(2);
      expect(configs.filter((name) => given && new RegExp(`^${given}-[0-9a-f]{8}-[ab]$`).test(name))).toHaveLength(
        given ? 2 : 0,
      );
      rig.account.updates.length = 0;
    }
  });

  test.each(SLOTS)('renames the endpoint while slot %s is live', async (slot) => {
    const version = await rig.liveOn(slot);
    await rig.account.deploy(oneEndpoint({ endpointName: 'Tulip' }));
    await rig.account.settle();
    expect(rig.movers()).toEqual([]);
    await rig.expectServed(version, 'Tulip');
    await expect(rig.account.live('Iris')).rejects.toThrow(/Could not find endpoint/);
    await rig.refresh('v3');
    expect(rig.account.updates).toMatchObject([{ by: 'controller', endpoint: 'Tulip' }]);
    await rig.expectServed('v3', 'Tulip');
  });

  test('of one endpoint of two leaves the other alone', async () => {
    const two = (settings: Settings): AppSettings => ({
      endpoints: { Endpoint: { given: 'iris' }, Other: { endpointName: 'Other', ...settings } },
    });
    await rig.liveOn('b', two({}));
    const iris = await rig.account.live();
    await rig.account.deploy(two(debug));
    await rig.account.settle();
    expect(rig.account.updates).toMatchObject([{ by: 'stack', endpoint: 'Other' }]);
    expect((await rig.account.live('Other')).models[0]?.PrimaryContainer?.Environment).toEqual({ LEVEL: 'debug' });
    expect(await rig.account.live()).toEqual(iris);
    await rig.refresh('v3');
    expect(
      rig.account.updates
        .slice(1)
        .map(({ endpoint }) => endpoint)
        .sort(),
    ).toEqual(['Iris', 'Other']);
    await rig.expectServed('v3');
    await rig.expectServed('v3', 'Other');
  });

  test('of everything at once', async () => {
    await rig.liveOn('b', oneEndpoint({ given: 'iris' }));
    await rig.account.deploy({
      ...oneEndpoint({ given: 'tulip', endpointName: 'Tulip', role: 'Two', ...debug, ...larger }),
      tag: 'ml',
    });
    await rig.account.settle();
    await rig.expectServed('v2', 'Tulip');
    expect((await rig.account.live('Tulip')).endpoint.ProductionVariants?.[0]?.CurrentInstanceCount).toBe(2);
  });
});

describe('a deployment that fails, with names left to CloudFormation,', () => testFailingDeployments(undefined));
