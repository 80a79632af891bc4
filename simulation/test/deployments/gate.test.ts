import { AwsError } from '@freshpoint/simulator/core/aws-error';
import { describe, expect, test } from 'vitest';
import { isFunction } from '../../deployments/deployment-watch.ts';
import { SERVING_STACK } from '../../deployments/settings-app.ts';
import { DeploymentRig, debug, MINUTE_MS, oneEndpoint } from './rig.ts';

const rig = new DeploymentRig();

describe('the deployment gate', () => {
  test('refuses a deployment when the endpoint stays busy for 50 minutes, and its rollback succeeds', async () => {
    await rig.liveOn('b');
    rig.account.faults.forceStatus('Iris', 'SystemUpdating');
    const began = rig.account.clock.now();
    await expect(rig.account.deploy(oneEndpoint(debug))).rejects.toThrow(
      /Endpoint Iris stayed busy: the endpoint is SystemUpdating\. Deploy again when it is InService/,
    );
    expect(rig.account.events.at(-1)?.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    const failed = rig.when(/DeploymentGate/, 'UPDATE_FAILED') - began;
    expect([failed >= 50 * MINUTE_MS, failed < 51 * MINUTE_MS]).toEqual([true, true]);
    expect(rig.account.updates).toEqual([]);
    rig.account.faults.forceStatus('Iris', 'InService');
    await rig.account.deploy(oneEndpoint(debug));
    await rig.account.settle();
    expect(rig.movers()).toEqual(['stack']);
    await rig.expectServed('v2');
  });

  test.each([47, 48, 49, 50])(
    'answers within CloudFormation’s hour although every pass dies after minute %i',
    async (minute) => {
      await rig.liveOn('b');
      rig.account.faults.forceStatus('Iris', 'SystemUpdating');
      const began = rig.account.clock.now();
      rig.account.dies = (operation) =>
        operation === 'DescribeEndpoint' && rig.account.clock.now() > began + minute * MINUTE_MS;
      await expect(rig.account.deploy(oneEndpoint(debug))).rejects.toThrow(/stayed busy|no answer within 50 minutes/);
      expect(rig.when(/DeploymentGate/, 'UPDATE_FAILED') - began).toBeLessThan(59 * MINUTE_MS);
      expect(rig.account.events.at(-1)?.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    },
  );

  test('responds to the first creation within a minute', async () => {
    await rig.liveOn('a');
    const took =
      rig.when(/DeploymentGate/, 'CREATE_COMPLETE') -
      rig.account.events
        .find(({ logicalId, status }) => /DeploymentGate/.test(logicalId) && status === 'CREATE_IN_PROGRESS')!
        .timestamp.getTime();
    expect(took).toBeLessThan(MINUTE_MS);
    // The created revision is known to be serving: no swap follows.
    expect(rig.account.updates).toEqual([]);
  });

  test.each([
    ['ssm', 'GetParameters'],
    ['s3', 'PutObject'],
    ['s3', 'HeadObject'],
    ['s3', 'GetObject'],
    ['s3', 'CopyObject'],
  ])(
    'delays the first creation while %s:%s is denied for two minutes, as for a new role',
    async (service, operation) => {
      rig.useEmpty();
      rig.deny(service, operation);
      rig.account.clock.schedule(2 * MINUTE_MS, () => rig.allow());
      await rig.account.create();
      expect(
        rig.when(/DeploymentGate/, 'CREATE_COMPLETE') - rig.when(/DeploymentGate/, 'CREATE_IN_PROGRESS'),
      ).toBeLessThan(5 * MINUTE_MS);
      await rig.account.settle();
      expect(rig.account.updates).toEqual([]);
      await rig.expectServed('v1');
    },
  );

  const byRole = String.raw`by arn:aws:iam::\d+:role/\S*FreshpointRefresherRole\S*`;
  const state = String.raw`arn:aws:s3:::\S+/Serving/Endpoint/state\.json`;
  const copy = String.raw`arn:aws:s3:::\S+/model\.tar\.gz from arn:aws:s3:::\S+/iris/model\.tar\.gz`;
  const denials: readonly (readonly [string, string, string])[] = [
    ['sqs', 'SendMessage', String.raw`https?://\S*FreshpointRefresherQueue\S*`],
    ['ssm', 'GetParameters', 'arn:aws:ssm:\\S+:parameter/freshpoint/Serving/Endpoint/spec'],
    ['s3', 'PutObject', state],
    ['s3', 'GetObject', state],
    ['s3', 'HeadObject', String.raw`arn:aws:s3:::\S+`],
    ['s3', 'CopyObject', copy],
  ];

  describe.each([false, true])('with data in place: %s', (inPlace) => {
    test.each(denials.filter(([, operation]) => !inPlace || operation !== 'CopyObject'))(
      'fails the first creation within five minutes when %s:%s is denied, and says all about it',
      async (service, operation, on) => {
        rig.useEmpty();
        rig.deny(service, operation);
        await expect(rig.account.create(oneEndpoint({ inPlace }))).rejects.toThrow(
          new RegExp(`${service}:${operation} ${byRole} on ${on} failed: AccessDenied`),
        );
        const gate = rig.account.events.filter(({ logicalId }) => /DeploymentGate/.test(logicalId));
        const took = rig.when(/DeploymentGate/, 'CREATE_FAILED') - (gate[0]?.timestamp.getTime() ?? Number.NaN);
        expect(took).toBeLessThan(5 * MINUTE_MS);
        expect(rig.account.events.at(-1)?.status).toBe('ROLLBACK_COMPLETE');
        // Once it is granted, the next deployment succeeds.
        rig.allow();
        await rig.account.deploy(oneEndpoint({ inPlace }));
      },
    );
  });

  test.each<[string, () => Promise<unknown>]>([
    ['the queue', async () => rig.account.deleteQueues()],
    [
      'the spec',
      () => rig.account.call('ssm', 'DeleteParameter', { Name: `/freshpoint/${SERVING_STACK}/Endpoint/spec` }),
    ],
    ['the state', () => rig.account.replaceState()],
    ['the endpoint', async () => rig.account.deleteEndpoint()],
  ])('responds to the deletion although %s is gone', async (_, remove) => {
    await rig.liveOn('b');
    await remove();
    const began = rig.account.clock.now();
    await rig.account.destroy();
    expect(rig.account.clock.now() - began).toBeLessThan(5 * MINUTE_MS);
    expect(rig.when(/DeploymentGate/, 'DELETE_FAILED')).toBeNaN();
  });

  test('responds to the deletion although every call is denied', async () => {
    await rig.liveOn('b');
    rig.account.interfere = ({ caller, service, operation }) => {
      if (isFunction(caller))
        throw new AwsError('AccessDeniedException', `not authorized: ${service}:${operation}`, 400);
    };
    await rig.account.destroy();
    expect(rig.when(/DeploymentGate/, 'DELETE_FAILED')).toBeNaN();
  });

  test('responds to an update although the endpoint was deleted by hand', async () => {
    await rig.liveOn('a');
    await rig.account.deleteEndpoint();
    await expect(rig.account.deploy(oneEndpoint(debug))).rejects.toThrow(/Could not find endpoint/);
    expect(rig.when(/DeploymentGate/, 'UPDATE_FAILED')).toBeNaN();
    expect(rig.account.problems.splice(0)).toEqual([expect.stringContaining('Could not find endpoint')]);
  });

  test('fails an update at once when it cannot be queued, and says why', async () => {
    await rig.liveOn('b');
    rig.deny('sqs', 'SendMessage');
    const began = rig.account.clock.now();
    await expect(rig.account.deploy(oneEndpoint(debug))).rejects.toThrow(
      /could not handle the deployment of endpoint .* sqs:SendMessage/,
    );
    expect(rig.account.clock.now() - began).toBeLessThan(2 * MINUTE_MS);
    expect(rig.account.events.at(-1)?.status).toBe('UPDATE_ROLLBACK_COMPLETE');
  });

  test('admits an update although neither its queue nor its stack answered the function’s first invocation', async () => {
    await rig.liveOn('b');
    const ends = rig.account.clock.now() + 30_000;
    rig.account.interfere = ({ caller, operation }) => {
      if (!isFunction(caller) || rig.account.clock.now() > ends) return;
      if (/SendMessage|DescribeStacks/.test(operation)) throw new AwsError('InternalFailure', 'unavailable', 500);
    };
    await rig.account.deploy(oneEndpoint(debug));
    expect(rig.when(/DeploymentGate/, 'UPDATE_FAILED')).toBeNaN();
    expect(rig.account.clock.now()).toBeLessThan(ends + 10 * MINUTE_MS);
    rig.allow();
    await rig.account.settle();
    expect(rig.movers()).toEqual(['stack']);
  });

  test('fails an update at once when the state cannot be read, and says which object', async () => {
    await rig.liveOn('b');
    const state = await rig.account.state();
    await rig.account.replaceState('not JSON');
    await expect(rig.account.deploy(oneEndpoint(debug))).rejects.toThrow(/s3:\/\/.*\/Endpoint\/state\.json/);
    expect(rig.account.events.at(-1)?.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    await rig.account.replaceState(JSON.stringify(state));
    await rig.account.deploy(oneEndpoint(debug));
    await rig.account.settle();
    await rig.expectServed('v2');
  });

  test.each([
    ['ssm', 'GetParameters'],
    ['s3', 'PutObject'],
    ['sagemaker', 'DescribeEndpoint'],
  ])('fails an update in the end when %s:%s is denied, and the rollback succeeds', async (service, operation) => {
    await rig.liveOn('b');
    rig.deny(service, operation);
    await expect(rig.account.deploy(oneEndpoint(debug))).rejects.toThrow(new RegExp(`${service}:${operation}`));
    expect(rig.account.events.at(-1)?.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    rig.allow();
    await rig.account.deploy(oneEndpoint(debug));
    await rig.account.settle();
    expect(rig.movers()).toEqual(['stack']);
    await rig.expectServed('v2');
  });

  test('fails when S3 is denied and the data cannot be staged to slot A, and B keeps serving', async () => {
    await rig.liveOn('b');
    rig.deny('s3', 'HeadObject');
    await expect(rig.account.deploy(oneEndpoint(debug))).rejects.toThrow(/s3:HeadObject/);
    rig.allow();
    await rig.account.settle();
    expect(rig.movers()).toEqual([]);
    await rig.expectServed('v2');
  });

  test('with data in place continues when S3 is denied, and the controller swaps afterwards to be sure', async () => {
    await rig.liveOn('b', oneEndpoint({ inPlace: true }));
    rig.deny('s3', 'HeadObject');
    await rig.account.deploy(oneEndpoint({ ...debug, inPlace: true }));
    rig.allow();
    await rig.account.settle();
    expect(rig.movers()).toEqual(['stack', 'controller']);
    await rig.expectServed('v2');
  });

  test('continues when CloudFormation does not describe the stack', async () => {
    await rig.liveOn('b');
    rig.deny('cloudformation', 'DescribeStacks');
    await rig.account.deploy(oneEndpoint(debug));
    rig.allow();
    await rig.account.settle();
    expect(rig.movers()).toEqual(['stack']);
  });
});
