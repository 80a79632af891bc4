import { AwsError } from '@freshpoint/local/core/aws-error';
import { afterEach, describe, expect, test } from 'vitest';
import { isFunction } from '../deployments/deployment-watch.ts';
import { type AppSettings, SERVING_STACK, type Settings, VARIANT } from '../deployments/settings-app.ts';
import { VirtualAccount } from '../deployments/virtual-account.ts';
import { etagOf } from '../worlds/model-data.ts';

const MINUTE_MS = 60_000;
const SLOTS = ['a', 'b'] as const;
const NAMES = [
  ['names left to CloudFormation', undefined],
  ['given names', 'iris'],
] as const;

const one = (settings: Settings = {}): AppSettings => ({ endpoints: { Endpoint: settings } });
const debug: Settings = { containers: [{ environment: { LEVEL: 'debug' } }] };
const larger: Settings = { variants: [{ ...VARIANT, initialInstanceCount: 2 }] };

let account: VirtualAccount;

/** An account whose endpoint runs this slot. Returns the version that it serves. */
async function liveOn(slot: 'a' | 'b', settings: AppSettings = one()): Promise<string> {
  account = await VirtualAccount.with(settings);
  if (slot === 'b') await refresh('v2');
  expect(await account.slot()).toBe(slot);
  account.updates.length = 0;
  return slot === 'b' ? 'v2' : 'v1';
}

async function refresh(version: string): Promise<void> {
  await account.upload(version);
  await account.settle();
}

async function expectServed(version: string, endpointName?: string): Promise<void> {
  expect(await account.answers(endpointName), account.tail()).toEqual([etagOf(version)]);
}

const movers = () => account.updates.map(({ by }) => by);
const when = (logicalId: RegExp, status: string) =>
  account.events.findLast((event) => logicalId.test(event.logicalId) && event.status === status)?.timestamp.getTime();

afterEach(() => {
  expect(account.problems).toEqual([]);
  account.stop();
});

describe('a deployment', () => {
  test('of other tags replaces nothing and leaves the endpoint where it is', async () => {
    await liveOn('b');
    const made = await account.made();
    await account.deploy({ ...one(), tag: 'ml' });
    await account.settle();
    expect(movers()).toEqual([]);
    expect(await account.slot()).toBe('b');
    expect(await account.made()).toEqual(made);
    const { config } = await account.live();
    const { Tags } = await account.call('sagemaker', 'ListTags', { ResourceArn: config.EndpointConfigArn });
    expect(Tags).toContainEqual({ Key: 'team', Value: 'ml' });
  });

  test('that changes nothing leaves the endpoint on B', async () => {
    await liveOn('b');
    const { changed } = await account.deploy(one());
    expect(changed).toBe(false);
    await account.settle();
    expect(movers()).toEqual([]);
    expect(await account.slot()).toBe('b');
  });

  test('of settings that only the controller reads leaves the endpoint on B', async () => {
    await liveOn('b');
    await account.deploy(one({ waitTime: 30 }));
    await account.settle();
    expect(movers()).toEqual([]);
    expect(await account.slot()).toBe('b');
  });

  test.each(NAMES)('of earlier settings restores them, with %s', async (_, given) => {
    await liveOn('a', one({ given }));
    await account.deploy(one({ given, ...debug }));
    await refresh('v2');
    await account.deploy(one({ given }));
    await refresh('v3');
    await account.deploy(one({ given, ...debug }));
    await account.settle();
    expect(movers()).toEqual(['stack', 'controller', 'stack', 'controller', 'stack']);
    expect((await account.live()).models[0]?.PrimaryContainer?.Environment).toEqual({ LEVEL: 'debug' });
    await expectServed('v3');
    const { configs, models } = await account.made();
    expect([configs.length, models.length]).toEqual([2, 2]);
  });

  test.each(SLOTS)('from names left to given ones and back, while slot %s is live', async (slot) => {
    const version = await liveOn(slot);
    for (const given of ['iris', 'tulip', undefined]) {
      await account.deploy(one({ given }));
      await account.settle();
      expect(movers()).toEqual(['stack']);
      await expectServed(version);
      const { configs } = await account.made();
      expect(configs).toHaveLength(2);
      expect(configs.filter((name) => given && new RegExp(`^${given}-[0-9a-f]{8}-[ab]$`).test(name))).toHaveLength(
        given ? 2 : 0,
      );
      account.updates.length = 0;
    }
  });

  test.each(SLOTS)('renames the endpoint while slot %s is live', async (slot) => {
    const version = await liveOn(slot);
    await account.deploy(one({ endpointName: 'Tulip' }));
    await account.settle();
    expect(movers()).toEqual([]);
    await expectServed(version, 'Tulip');
    await expect(account.live('Iris')).rejects.toThrow(/Could not find endpoint/);
    await refresh('v3');
    expect(account.updates).toMatchObject([{ by: 'controller', endpoint: 'Tulip' }]);
    await expectServed('v3', 'Tulip');
  });

  test('of one endpoint of two leaves the other alone', async () => {
    const two = (settings: Settings): AppSettings => ({
      endpoints: { Endpoint: { given: 'iris' }, Other: { endpointName: 'Other', ...settings } },
    });
    await liveOn('b', two({}));
    const iris = await account.live();
    await account.deploy(two(debug));
    await account.settle();
    expect(account.updates).toMatchObject([{ by: 'stack', endpoint: 'Other' }]);
    expect((await account.live('Other')).models[0]?.PrimaryContainer?.Environment).toEqual({ LEVEL: 'debug' });
    expect(await account.live()).toEqual(iris);
    await refresh('v3');
    expect(
      account.updates
        .slice(1)
        .map(({ endpoint }) => endpoint)
        .sort(),
    ).toEqual(['Iris', 'Other']);
    await expectServed('v3');
    await expectServed('v3', 'Other');
  });

  test('of everything at once', async () => {
    await liveOn('b', one({ given: 'iris' }));
    await account.deploy({
      ...one({ given: 'tulip', endpointName: 'Tulip', role: 'Two', ...debug, ...larger }),
      tag: 'ml',
    });
    await account.settle();
    await expectServed('v2', 'Tulip');
    expect((await account.live('Tulip')).endpoint.ProductionVariants?.[0]?.CurrentInstanceCount).toBe(2);
  });
});

describe.each(NAMES)('a deployment that fails, with %s,', (_, given) => {
  interface Failure {
    readonly of: string;
    readonly to: AppSettings;
    readonly arrange?: () => void;
    /** Who updates the endpoint, with slot A and with slot B live before. */
    readonly moves: Record<'a' | 'b', readonly string[]>;
  }
  const changed: Settings = { given, ...debug };
  const noMoves = { a: [], b: [] };
  const failures: readonly Failure[] = [
    {
      of: 'a resource that comes after the endpoint',
      to: { ...one(changed), fails: true },
      moves: { a: ['stack', 'stack'], b: ['stack', 'stack'] },
    },
    {
      of: 'the new fleet, which never gets healthy,',
      to: one(changed),
      arrange: () => account.faults.nextUpdate('Iris', { kind: 'refuse' }),
      // From B, CloudFormation puts the endpoint back to what the old template says: A.
      moves: { a: ['stack'], b: ['stack', 'stack'] },
    },
    {
      of: 'the new fleet, refused without a reason,',
      to: one(changed),
      arrange: () => account.faults.nextUpdate('Iris', { kind: 'refuse', reason: '' }),
      moves: { a: ['stack'], b: ['stack', 'stack'] },
    },
    { of: 'the model', to: one({ given, containers: [{ key: 'missing.tar.gz' }] }), moves: noMoves },
    { of: 'the config', to: one({ given, variants: [{ ...VARIANT, initialInstanceCount: -1 }] }), moves: noMoves },
    {
      of: 'the deployment gate',
      to: one(changed),
      arrange: () => deny('sqs', 'SendMessage'),
      moves: noMoves,
    },
  ];
  const both = failures.flatMap((failure) => SLOTS.map((slot) => [failure.of, slot, failure] as const));

  test.each(both)(
    'because of %s while slot %s is live, leaves the old settings in force',
    async (_of, slot, failure) => {
      const version = await liveOn(slot, one({ given }));
      const made = await account.made();
      failure.arrange?.();
      await expect(account.deploy(failure.to)).rejects.toThrow(/UPDATE_ROLLBACK_COMPLETE/);
      account.interfere = () => undefined;
      await account.settle();

      expect(movers()).toEqual(failure.moves[slot]);
      expect(await account.made()).toEqual(made);
      expect((await account.live()).models[0]?.PrimaryContainer?.Environment).toBeUndefined();
      await expectServed(version);
      await refresh('v3');
      await expectServed('v3');
      // And the repaired deployment succeeds.
      await account.deploy(one(changed));
      await account.settle();
      expect((await account.live()).models[0]?.PrimaryContainer?.Environment).toEqual({ LEVEL: 'debug' });
      await expectServed('v3');
    },
  );
});

/** Denies the function's calls of this operation. */
function deny(service: string, operation: string): void {
  account.interfere = (call) => {
    if (call.service !== service || call.operation !== operation || !isFunction(call.caller)) return;
    throw new AwsError('AccessDeniedException', `not authorized to perform: ${service}:${operation}`, 400);
  };
}

describe('a deployment that meets a refresh', () => {
  test('waits until the endpoint is idle, then continues', async () => {
    await liveOn('a');
    await account.upload('v2');
    await account.until('the controller swaps', () => account.updates.length === 1);
    const deployed = account.start(one(debug));
    await account.until('the gate waits', () => account.decisions.at(-1)?.reason === 'DeploymentWaiting');
    expect(when(/Models/, 'UPDATE_IN_PROGRESS')).toBeUndefined();
    await account.run(deployed);
    await account.settle();
    expect(movers()).toEqual(['controller', 'stack']);
    await expectServed('v2');
    expect((await account.live()).models[0]?.PrimaryContainer?.Environment).toEqual({ LEVEL: 'debug' });
  });

  test.each(SLOTS)(
    'that the endpoint refuses continues after it with the serving revision, while slot %s is live',
    async (slot) => {
      const served = await liveOn(slot);
      await account.uploadBroken('bad');
      await account.until('the controller swaps', () => account.updates.length === 1);
      await account.deploy(one(debug));
      await account.settle();
      expect(movers()).toEqual(['controller', 'stack']);
      await expectServed(served);
      await refresh('v3');
      await expectServed('v3');
    },
  );

  test('that the endpoint refuses fails with data in place, because its fleet would load the same', async () => {
    await liveOn('a', one({ inPlace: true }));
    await account.uploadBroken('bad');
    await account.until('the controller swaps', () => account.updates.length === 1);
    // The new fleets load the stored bytes, which are broken: the deployment fails as the refresh did.
    await expect(account.deploy(one({ ...debug, inPlace: true }))).rejects.toThrow(/UPDATE_ROLLBACK_COMPLETE/);
    await account.settle();
    await expectServed('v1');
    await refresh('v2');
    await expectServed('v2');
    await account.deploy(one({ ...debug, inPlace: true }));
    await expectServed('v2');
  });

  // The refresh takes about four minutes: it settles after one second, then the controller calls UpdateEndpoint.
  test.each([0, 1, 1.2, 1.4, 1.6, 1.8, 2, 2.1, 2.2, 2.3, 2.4, 2.6, 2.8, 3, 5, 30, 120, 170, 195, 200, 205, 240])(
    'started %d s after the upload succeeds, and so does the refresh',
    async (seconds) => {
      await liveOn('a');
      await account.upload('v2');
      await account.pass(seconds * 1000);
      await account.deploy(one(debug));
      await account.settle();
      expect(account.updates.filter(({ by }) => by === 'stack')).toHaveLength(1);
      expect(account.updates.filter(({ by }) => by === 'controller').length).toBeLessThanOrEqual(1);
      await expectServed('v2');
      expect((await account.live()).models[0]?.PrimaryContainer?.Environment).toEqual({ LEVEL: 'debug' });
    },
  );
});

describe('an upload', () => {
  interface Moment {
    readonly of: string;
    readonly fails?: boolean;
    /** A refresh is running when the deployment begins. */
    readonly busy?: boolean;
    readonly event: (type: string, status: string) => boolean;
    readonly afterMs?: number;
  }
  const moments: readonly Moment[] = [
    {
      of: 'while the deployment waits',
      busy: true,
      event: (type, status) => /DeploymentGate/.test(type) && status === 'UPDATE_IN_PROGRESS',
    },
    {
      of: 'just when it is admitted',
      event: (type, status) => /DeploymentGate/.test(type) && status === 'UPDATE_COMPLETE',
    },
    {
      of: 'when its endpoint update begins',
      event: (type, status) => type === 'AWS::SageMaker::Endpoint' && status === 'UPDATE_IN_PROGRESS',
    },
    {
      of: 'when its fleet has loaded',
      event: (type, status) => type === 'AWS::SageMaker::Endpoint' && status === 'UPDATE_IN_PROGRESS',
      afterMs: 155_000,
    },
    {
      of: 'just when its endpoint update is over',
      event: (type, status) => type === 'AWS::SageMaker::Endpoint' && status === 'UPDATE_COMPLETE',
    },
    { of: 'during its clean-up', event: (_, status) => status === 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS' },
    {
      of: 'just when it is over',
      event: (type, status) => type === 'AWS::CloudFormation::Stack' && status === 'UPDATE_COMPLETE',
    },
    { of: 'when its rollback begins', fails: true, event: (_, status) => status === 'UPDATE_ROLLBACK_IN_PROGRESS' },
    {
      of: 'during the endpoint update of its rollback',
      fails: true,
      event: (_, status) => status === 'UPDATE_ROLLBACK_IN_PROGRESS',
      afterMs: 60_000,
    },
    {
      of: 'when the fleet of its rollback has loaded',
      fails: true,
      event: (_, status) => status === 'UPDATE_ROLLBACK_IN_PROGRESS',
      afterMs: 160_000,
    },
    {
      of: 'during the clean-up of its rollback',
      fails: true,
      event: (_, status) => status === 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS',
    },
  ];
  const both = moments.flatMap((moment) => SLOTS.map((slot) => [moment.of, slot, moment] as const));

  test.each(both)(
    '%s, started with slot %s live, is served afterwards',
    async (_, slot, { fails, busy, event, afterMs }) => {
      await liveOn(slot);
      if (busy) {
        await account.upload('v3');
        await account.until('the controller swaps', () => account.updates.length === 1);
      }
      let isUploaded = false;
      const upload = () =>
        void account.put('newest').then(() => {
          isUploaded = true;
        });
      let isSeen = false;
      const deployed = account.deploy({ ...one(debug), fails }, SERVING_STACK, ({ type, status }) => {
        if (isSeen || !event(type, status)) return;
        isSeen = true;
        account.clock.schedule(afterMs ?? 0, upload);
      });
      await (fails ? expect(deployed).rejects.toThrow() : deployed);
      await account.settle();
      expect(isUploaded).toBe(true);
      await expectServed('newest');
      expect(account.updates.filter(({ by }) => by === 'controller').length).toBeLessThanOrEqual(busy ? 2 : 1);
    },
  );
});

describe('a deployment succeeds', () => {
  test('although the endpoint is suspended, and it stays suspended', async () => {
    await liveOn('b');
    const Name = `/freshpoint/${SERVING_STACK}/Endpoint/state`;
    const { Parameter } = await account.call('ssm', 'GetParameter', { Name });
    const suspended = { ...JSON.parse(Parameter.Value), suspension: { by: 'person', at: account.clock.now() } };
    await account.call('ssm', 'PutParameter', {
      Name,
      Value: JSON.stringify(suspended),
      Type: 'String',
      Overwrite: true,
    });
    await account.deploy(one(debug));
    await account.upload('v3');
    await account.pass(30 * MINUTE_MS);
    expect(movers()).toEqual(['stack']);
    await expectServed('v2');
    const after = await account.call('ssm', 'GetParameter', { Name });
    expect(JSON.parse(after.Parameter.Value).suspension).toEqual(suspended.suspension);
  });

  test('although a person moved the endpoint to another config', async () => {
    await liveOn('b');
    const { config } = await account.live();
    await account.call('sagemaker', 'CreateEndpointConfig', {
      EndpointConfigName: 'by-hand',
      ProductionVariants: config.ProductionVariants,
    });
    await account.call('sagemaker', 'UpdateEndpoint', { EndpointName: 'Iris', EndpointConfigName: 'by-hand' });
    account.updates.length = 0;
    await account.deploy(one(debug));
    await account.settle();
    // It is not known which slot's data that config loads, so none is written: A serves what it held, then B the newest.
    expect(movers()).toEqual(['stack', 'controller']);
    expect(await account.slot()).toBe('b');
    await expectServed('v2');
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
      await liveOn('a');
      const [first, last] = [
        onceAt('UPDATE_IN_PROGRESS', () => void account.put('v2')),
        onceAt('UPDATE_COMPLETE', () => void account.put('v1')),
      ];
      await account.deploy(one({ endpointName, ...debug }), SERVING_STACK, (event) => {
        first(event);
        last(event);
      });
      await account.settle();
      await expectServed('v1', endpointName);
    },
  );

  test('uploaded after the fleet of a refresh has loaded others are served', async () => {
    await liveOn('a');
    await account.upload('v2');
    await account.until('the controller swaps', () => account.updates.length === 1);
    await account.upload('v3');
    await account.until(
      'the endpoint is InService',
      async () => (await account.live()).endpoint.EndpointStatus === 'InService',
    );
    await account.upload('v2');
    await account.settle();
    await expectServed('v2');
  });
});

describe('the deployment gate', () => {
  test('refuses a deployment when the endpoint stays busy for 55 minutes, with the reason, and the rollback succeeds', async () => {
    await liveOn('b');
    account.faults.forceStatus('Iris', 'SystemUpdating');
    const began = account.clock.now();
    await expect(account.deploy(one(debug))).rejects.toThrow(
      /Endpoint Iris stayed busy: the endpoint is SystemUpdating\. Deploy again when it is InService/,
    );
    expect(account.events.at(-1)?.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    const failed = when(/DeploymentGate/, 'UPDATE_FAILED')! - began;
    expect([failed >= 55 * MINUTE_MS, failed < 56 * MINUTE_MS]).toEqual([true, true]);
    expect(account.updates).toEqual([]);
    account.faults.forceStatus('Iris', 'InService');
    await account.deploy(one(debug));
    await account.settle();
    expect(movers()).toEqual(['stack']);
    await expectServed('v2');
  });

  test('responds to the first creation within a minute', async () => {
    await liveOn('a');
    const took =
      when(/DeploymentGate/, 'CREATE_COMPLETE')! -
      account.events
        .find(({ logicalId, status }) => /DeploymentGate/.test(logicalId) && status === 'CREATE_IN_PROGRESS')!
        .timestamp.getTime();
    expect(took).toBeLessThan(MINUTE_MS);
    // The created revision is known to be serving: no swap follows.
    expect(account.updates).toEqual([]);
  });

  test.each([
    ['sqs', 'SendMessage'],
    ['ssm', 'GetParameters'],
    ['ssm', 'PutParameter'],
    ['s3', 'HeadObject'],
    ['s3', 'GetObject'],
  ])('responds to the first creation with data in place although %s:%s is denied', async (service, operation) => {
    account = new VirtualAccount();
    deny(service, operation);
    await account.create(one({ inPlace: true }));
    account.interfere = () => undefined;
    await account.settle();
    await expectServed('v1');
    await refresh('v2');
    await expectServed('v2');
  });

  test.each([
    ['ssm', 'GetParameters'],
    ['ssm', 'PutParameter'],
    ['s3', 'HeadObject'],
    ['s3', 'GetObject'],
    ['s3', 'CopyObject'],
  ])('delays the first creation while %s:%s is denied, as for a new role', async (service, operation) => {
    account = new VirtualAccount();
    deny(service, operation);
    account.clock.schedule(10 * MINUTE_MS, () => {
      account.interfere = () => undefined;
    });
    await account.create();
    expect(when(/DeploymentGate/, 'CREATE_COMPLETE')! - when(/DeploymentGate/, 'CREATE_IN_PROGRESS')!).toBeLessThan(
      20 * MINUTE_MS,
    );
    await account.settle();
    expect(account.updates).toEqual([]);
    await expectServed('v1');
  });

  test('fails the first creation when the copies are denied for 55 minutes, and says which call', async () => {
    account = new VirtualAccount();
    deny('s3', 'CopyObject');
    await expect(account.create()).rejects.toThrow(/not authorized to perform: s3:CopyObject/);
  });

  test.each<[string, () => Promise<unknown>]>([
    ['the queue', async () => account.deleteQueues()],
    ['the spec', () => account.call('ssm', 'DeleteParameter', { Name: `/freshpoint/${SERVING_STACK}/Endpoint/spec` })],
    [
      'the state',
      () => account.call('ssm', 'DeleteParameter', { Name: `/freshpoint/${SERVING_STACK}/Endpoint/state` }),
    ],
    ['the endpoint', async () => account.deleteEndpoint()],
  ])('responds to the deletion although %s is gone', async (_, remove) => {
    await liveOn('b');
    await remove();
    const began = account.clock.now();
    await account.destroy();
    expect(account.clock.now() - began).toBeLessThan(5 * MINUTE_MS);
    expect(when(/DeploymentGate/, 'DELETE_FAILED')).toBeUndefined();
  });

  test('responds to the deletion although every call is denied', async () => {
    await liveOn('b');
    account.interfere = ({ caller, service, operation }) => {
      if (isFunction(caller))
        throw new AwsError('AccessDeniedException', `not authorized: ${service}:${operation}`, 400);
    };
    await account.destroy();
    expect(when(/DeploymentGate/, 'DELETE_FAILED')).toBeUndefined();
  });

  test('responds to an update although the endpoint was deleted by hand', async () => {
    await liveOn('a');
    await account.deleteEndpoint();
    await expect(account.deploy(one(debug))).rejects.toThrow(/Could not find endpoint/);
    expect(when(/DeploymentGate/, 'UPDATE_FAILED')).toBeUndefined();
    expect(account.problems.splice(0)).toEqual([expect.stringContaining('Could not find endpoint')]);
  });

  test('fails an update at once when it cannot be queued, and says why', async () => {
    await liveOn('b');
    deny('sqs', 'SendMessage');
    const began = account.clock.now();
    await expect(account.deploy(one(debug))).rejects.toThrow(/can't look after endpoint .* sqs:SendMessage/);
    expect(account.clock.now() - began).toBeLessThan(2 * MINUTE_MS);
    expect(account.events.at(-1)?.status).toBe('UPDATE_ROLLBACK_COMPLETE');
  });

  test('fails an update at once when the state cannot be read, and says which parameter', async () => {
    await liveOn('b');
    const Name = `/freshpoint/${SERVING_STACK}/Endpoint/state`;
    const { Parameter } = await account.call('ssm', 'GetParameter', { Name });
    await account.call('ssm', 'PutParameter', { Name, Value: 'not JSON', Type: 'String', Overwrite: true });
    await expect(account.deploy(one(debug))).rejects.toThrow(`SSM parameter ${Name}`);
    expect(account.events.at(-1)?.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    await account.call('ssm', 'PutParameter', { Name, Value: Parameter.Value, Type: 'String', Overwrite: true });
    await account.deploy(one(debug));
    await account.settle();
    await expectServed('v2');
  });

  test.each([
    ['ssm', 'GetParameters'],
    ['ssm', 'PutParameter'],
    ['sagemaker', 'DescribeEndpoint'],
  ])('fails an update in the end when %s:%s is denied, and the rollback succeeds', async (service, operation) => {
    await liveOn('b');
    deny(service, operation);
    await expect(account.deploy(one(debug))).rejects.toThrow(new RegExp(`${service}:${operation}`));
    expect(account.events.at(-1)?.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    account.interfere = () => undefined;
    await account.deploy(one(debug));
    await account.settle();
    expect(movers()).toEqual(['stack']);
    await expectServed('v2');
  });

  test('fails when S3 is denied and the data cannot be staged to slot A, and B keeps serving', async () => {
    await liveOn('b');
    deny('s3', 'HeadObject');
    await expect(account.deploy(one(debug))).rejects.toThrow(/s3:HeadObject/);
    account.interfere = () => undefined;
    await account.settle();
    expect(movers()).toEqual([]);
    await expectServed('v2');
  });

  test('with data in place continues when S3 is denied, and the controller swaps afterwards to be sure', async () => {
    await liveOn('b', one({ inPlace: true }));
    deny('s3', 'HeadObject');
    await account.deploy(one({ ...debug, inPlace: true }));
    account.interfere = () => undefined;
    await account.settle();
    expect(movers()).toEqual(['stack', 'controller']);
    await expectServed('v2');
  });

  test('continues when CloudFormation does not describe the stack', async () => {
    await liveOn('b');
    deny('cloudformation', 'DescribeStacks');
    await account.deploy(one(debug));
    account.interfere = () => undefined;
    await account.settle();
    expect(movers()).toEqual(['stack']);
  });
});
