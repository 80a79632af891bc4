import { beforeEach, describe, expect, it } from 'vitest';
import { createWorld } from './world.ts';

let w: ReturnType<typeof createWorld>;
beforeEach(() => {
  w = createWorld();
});

const arn = 'arn:aws:sagemaker:us-east-1:000000000000:endpoint/e';
const pingReason =
  'The primary container for production variant AllTraffic did not pass the ping health check. ' +
  'Please check CloudWatch logs for this endpoint.';
const invalid = (message: string | RegExp) =>
  expect.objectContaining({
    name: 'ValidationException',
    message: typeof message === 'string' ? message : expect.stringMatching(message),
  });
/** v2 is in S3, and it does not get healthy. */
const breakData = () => {
  w.objects.set('s3://data/model.tar.gz', 'v2');
  w.behaviour.judge = ([data]) => (data?.etag === 'v2' ? {} : { healthyAfterMs: 1000 });
};

describe('creation', () => {
  it('goes from Creating to InService', async () => {
    await w.model('m');
    await w.config('A');
    await expect(w.call('CreateEndpoint', { EndpointName: 'E', EndpointConfigName: 'A' })).resolves.toEqual({
      EndpointArn: arn,
    });
    expect(await w.describe()).toMatchObject({ EndpointStatus: 'Creating', EndpointConfigName: 'A' });
    expect(await w.until('InService')).toMatchObject({
      EndpointName: 'E',
      EndpointArn: arn,
      EndpointConfigName: 'A',
      ProductionVariants: [
        { VariantName: 'AllTraffic', CurrentInstanceCount: 1, DesiredInstanceCount: 1, CurrentWeight: 1 },
      ],
    });
    expect(await w.invoke()).toMatchObject({ data: [{ etag: 'v1' }], variant: 'AllTraffic' });
  });

  it('fails with the reason and leaves only deletion', async () => {
    w.behaviour.judge = () => ({});
    await w.model('m');
    await w.config('A');
    await w.config('B');
    await w.call('CreateEndpoint', { EndpointName: 'E', EndpointConfigName: 'A' });
    expect(await w.until('Failed')).toMatchObject({ FailureReason: pingReason, EndpointConfigName: 'A' });
    await expect(w.update()).rejects.toEqual(invalid('Cannot update failed endpoint'));
    await expect(w.invoke()).rejects.toMatchObject({
      name: 'ValidationError',
      message: 'Endpoint E of account 000000000000 not found.',
    });
    await w.call('DeleteEndpoint', { EndpointName: 'E' });
    await w.clock.advance(60_000);
    await expect(w.describe()).rejects.toEqual(invalid(`Could not find endpoint "${arn}".`));
    expect(w.running.size).toBe(0);
  });

  it('fails when the data has gone since CreateModel', async () => {
    await w.model('m');
    await w.config('A');
    w.objects.clear();
    await w.call('CreateEndpoint', { EndpointName: 'E', EndpointConfigName: 'A' });
    expect((await w.until('Failed')).FailureReason).toBe(
      'Failed to download model data for container "container_1" from URL: "s3://data/model.tar.gz". ' +
        'Please ensure that there is an object located at the URL and that the role passed to CreateModel ' +
        'has permissions to download the object.',
    );
  });

  it('is refused for a name in use, in any case, and for a config that is missing', async () => {
    await w.ready();
    await expect(w.call('CreateEndpoint', { EndpointName: 'e', EndpointConfigName: 'A' })).rejects.toEqual(
      invalid(`Cannot create already existing endpoint "${arn}".`),
    );
    await expect(w.call('CreateEndpoint', { EndpointName: 'F', EndpointConfigName: 'X' })).rejects.toEqual(
      invalid(/^Could not find endpoint configuration "arn:.*:endpoint-config\/x"\.$/),
    );
  });

  it('gives the container the time that the variant says', async () => {
    await w.model('m');
    await w.config('A', w.variant({ ContainerStartupHealthCheckTimeoutInSeconds: 3600 }));
    w.behaviour.judge = () => ({ healthyAfterMs: 3_500_000 });
    await w.call('CreateEndpoint', { EndpointName: 'E', EndpointConfigName: 'A' });
    await w.until('InService');
  });
});

describe('an update', () => {
  it('names the old config until it is done, and the new one as pending', async () => {
    await w.ready();
    const before = (await w.describe()).LastModifiedTime;
    await w.clock.advance(1000);
    await w.update();
    const during = await w.describe();
    expect(during).toMatchObject({
      EndpointStatus: 'Updating',
      EndpointConfigName: 'A',
      PendingDeploymentSummary: {
        EndpointConfigName: 'B',
        StartTime: expect.any(Date),
        ProductionVariants: [{ VariantName: 'AllTraffic', VariantStatus: [{ Status: 'Creating' }] }],
      },
    });
    expect(during.LastModifiedTime.getTime()).toBeGreaterThan(before.getTime());
    const after = await w.until('InService');
    expect(after).toMatchObject({ EndpointConfigName: 'B' });
    expect(after.PendingDeploymentSummary).toBeUndefined();
    expect(after.ProductionVariants[0].VariantStatus).toBeUndefined();
    expect(after.LastModifiedTime.getTime()).toBeGreaterThan(during.LastModifiedTime.getTime());
  });

  it('takes the time of its steps', async () => {
    await w.ready();
    await w.update();
    const started = w.clock.now();
    const { launchMs, trafficShiftMs, terminationMs } = w.times;
    // The virtual instance loads and gets healthy in a second each.
    const expected = launchMs + 2000 + trafficShiftMs + terminationMs;
    expect((await w.until('InService')).LastModifiedTime.getTime() - started).toBe(expected);
  });

  it('finds its endpoint whatever the case', async () => {
    await w.ready();
    await w.update({ EndpointName: 'e' });
    expect((await w.until('InService', 'e')).EndpointName).toBe('E');
  });

  it('moves traffic only when all new instances are healthy, and stops the old ones', async () => {
    await w.ready(w.variant({ InitialInstanceCount: 3 }));
    w.objects.set('s3://data/model.tar.gz', 'v2');
    let launched = 0;
    w.behaviour.judge = () => ({ healthyAfterMs: ++launched * 60_000 });
    await w.update();
    const seen: string[] = [];
    const healthy: number[] = [];
    for (let i = 0; i < 120; i++) {
      const { data } = await w.invoke();
      if (seen.at(-1) !== data[0].etag) {
        seen.push(data[0].etag);
        healthy.push([...w.running].filter((instance) => instance.data[0]?.etag === 'v2').length);
      }
      await w.clock.advance(5000);
    }
    expect(seen).toEqual(['v1', 'v2']);
    expect(healthy).toEqual([0, 3]);
    expect([...w.running].map(({ data }) => data[0]?.etag)).toEqual(['v2', 'v2', 'v2']);
  });

  it('that does not get healthy is rolled back with the reason, which the next update clears', async () => {
    await w.ready();
    breakData();
    await w.update();
    expect((await w.until('RollingBack')).EndpointConfigName).toBe('A');
    expect(await w.until('InService')).toMatchObject({ EndpointConfigName: 'A', FailureReason: pingReason });
    expect((await w.invoke()).data[0].etag).toBe('v1');
    expect(w.running.size).toBe(1);
    await w.update();
    expect((await w.describe()).FailureReason).toBeUndefined();
  });

  it('is refused while another one runs, and so is deletion', async () => {
    await w.ready();
    breakData();
    await w.update();
    const busy = invalid(`Cannot update in-progress endpoint "${arn}".`);
    for (const status of ['Updating', 'RollingBack']) {
      await w.until(status);
      await expect(w.update()).rejects.toEqual(busy);
      await expect(w.call('DeleteEndpoint', { EndpointName: 'E' })).rejects.toEqual(busy);
      await expect(
        w.call('UpdateEndpointWeightsAndCapacities', { EndpointName: 'E', DesiredWeightsAndCapacities: [] }),
      ).rejects.toEqual(busy);
    }
  });

  it('is refused for the config in use', async () => {
    await w.ready();
    await expect(w.update({ EndpointConfigName: 'A' })).rejects.toEqual(
      invalid('Cannot update endpoint with the currently in use endpoint configuration "A".'),
    );
  });

  it('is refused once the config in use has been deleted, which nothing prevents', async () => {
    await w.ready();
    await w.call('DeleteEndpointConfig', { EndpointConfigName: 'A' });
    await expect(w.update()).rejects.toEqual(
      invalid(/^Could not find endpoint configuration "arn:.*:endpoint-config\/a"\.$/),
    );
    expect(await w.invoke()).toMatchObject({ variant: 'AllTraffic' });
  });

  it('is refused with two weights for one variant', async () => {
    await w.ready();
    const DesiredWeightsAndCapacities = [1, 2].map((DesiredWeight) => ({ VariantName: 'AllTraffic', DesiredWeight }));
    await expect(
      w.call('UpdateEndpointWeightsAndCapacities', { EndpointName: 'E', DesiredWeightsAndCapacities }),
    ).rejects.toEqual(invalid('The variant name "AllTraffic" was non-unique within the request.'));
  });

  it('is refused while SageMaker itself updates the endpoint', async () => {
    await w.ready();
    w.sagemaker.faults.forceStatus('e', 'SystemUpdating');
    await expect(w.update()).rejects.toEqual(invalid(/in-progress/));
    expect(await w.invoke()).toMatchObject({ variant: 'AllTraffic' });
    w.sagemaker.faults.forceStatus('e', 'InService');
    await w.update();
  });

  it('resets counts and weights unless told to retain them', async () => {
    await w.ready();
    await w.call('UpdateEndpointWeightsAndCapacities', {
      EndpointName: 'E',
      DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic', DesiredInstanceCount: 3, DesiredWeight: 5 }],
    });
    const kept = { CurrentInstanceCount: 3, DesiredInstanceCount: 3, CurrentWeight: 5, DesiredWeight: 5 };
    expect((await w.until('InService')).ProductionVariants).toMatchObject([kept]);
    await w.update({ RetainAllVariantProperties: true });
    expect((await w.until('InService')).ProductionVariants).toMatchObject([kept]);
    await w.update({
      EndpointConfigName: 'A',
      RetainAllVariantProperties: true,
      ExcludeRetainedVariantProperties: [{ VariantPropertyType: 'DesiredWeight' }],
    });
    expect((await w.until('InService')).ProductionVariants).toMatchObject([
      { ...kept, DesiredWeight: 1, CurrentWeight: 1 },
    ]);
    await w.update();
    expect((await w.until('InService')).ProductionVariants).toMatchObject([
      { CurrentInstanceCount: 1, DesiredInstanceCount: 1, CurrentWeight: 1, DesiredWeight: 1 },
    ]);
  });

  it('forgets the deployment config unless told to retain it', async () => {
    const DeploymentConfig = {
      BlueGreenUpdatePolicy: { TrafficRoutingConfiguration: { Type: 'ALL_AT_ONCE', WaitIntervalInSeconds: 0 } },
    };
    await w.ready();
    await w.update({ DeploymentConfig });
    expect((await w.until('InService')).LastDeploymentConfig).toEqual(DeploymentConfig);
    await w.update({ EndpointConfigName: 'A', RetainDeploymentConfig: true });
    expect((await w.until('InService')).LastDeploymentConfig).toEqual(DeploymentConfig);
    await w.update();
    expect((await w.until('InService')).LastDeploymentConfig).toBeUndefined();
  });

  it('tells EventBridge each status, spelled as events spell it', async () => {
    await w.ready();
    breakData();
    await w.update();
    await w.until('InService');
    expect(w.events.map(({ detail }) => detail.EndpointStatus)).toEqual([
      'CREATING',
      'IN_SERVICE',
      'UPDATING',
      'ROLLING_BACK',
      'IN_SERVICE',
    ]);
    expect(w.events.at(-1)).toMatchObject({
      source: 'aws.sagemaker',
      'detail-type': 'SageMaker Endpoint State Change',
      resources: [arn],
      detail: { EndpointName: 'E', EndpointConfigName: 'A', FailureReason: pingReason },
    });
  });
});

describe('traffic', () => {
  const routing = (Type: string, more: object = {}) => ({
    BlueGreenUpdatePolicy: {
      TrafficRoutingConfiguration: { Type, WaitIntervalInSeconds: 600, ...more },
      TerminationWaitInSeconds: 300,
    },
  });
  const half = { Type: 'CAPACITY_PERCENT', Value: 50 };

  /** Shares of v2 in 20 requests, each time it differs. */
  const shares = async () => {
    const seen: number[] = [];
    for (let minutes = 0; minutes < 120; minutes++) {
      let v2 = 0;
      for (let i = 0; i < 20; i++) if ((await w.invoke()).data[0].etag === 'v2') v2++;
      if (seen.at(-1) !== v2) seen.push(v2);
      if ((await w.describe()).EndpointStatus === 'InService') return seen;
      await w.clock.advance(60_000);
    }
    throw new Error('The update did not end');
  };

  it.each([
    ['all at once', routing('ALL_AT_ONCE'), [0, 20]],
    [
      'in a canary and the rest',
      routing('CANARY', { CanarySize: { Type: 'CAPACITY_PERCENT', Value: 25 } }),
      [0, 5, 20],
    ],
    ['in linear steps', routing('LINEAR', { LinearStepSize: { ...half, Value: 40 } }), [0, 8, 16, 20]],
    ['in batches', { RollingUpdatePolicy: { MaximumBatchSize: half, WaitIntervalInSeconds: 600 } }, [0, 10, 20]],
  ])('shifts %s', async (_name, DeploymentConfig, expected) => {
    await w.ready(w.variant({ InitialInstanceCount: 2 }));
    w.objects.set('s3://data/model.tar.gz', 'v2');
    await w.update({ DeploymentConfig });
    expect(await shares()).toEqual(expected);
    await w.clock.advance(100_000);
    expect([...w.running].map(({ data }) => data[0]?.etag)).toEqual(['v2', 'v2']);
  });

  it('goes back when a later batch of a rolling update fails', async () => {
    await w.ready(w.variant({ InitialInstanceCount: 2 }));
    w.objects.set('s3://data/model.tar.gz', 'v2');
    let launches = 0;
    w.behaviour.judge = () => (++launches === 2 ? {} : { healthyAfterMs: 1000 });
    await w.update({
      DeploymentConfig: { RollingUpdatePolicy: { MaximumBatchSize: half, WaitIntervalInSeconds: 60 } },
    });
    expect(await w.until('InService')).toMatchObject({
      EndpointConfigName: 'A',
      FailureReason: pingReason,
      ProductionVariants: [{ CurrentInstanceCount: 2 }],
    });
    // The instance that came back has read the data as it is now.
    expect([...w.running].map(({ data }) => data[0]?.etag).sort()).toEqual(['v1', 'v2']);
  });

  it('goes back when the policy runs out of time', async () => {
    await w.ready();
    const policy = { ...routing('ALL_AT_ONCE').BlueGreenUpdatePolicy, MaximumExecutionTimeoutInSeconds: 600 };
    await w.update({ DeploymentConfig: { BlueGreenUpdatePolicy: policy } });
    expect(await w.until('InService')).toMatchObject({
      EndpointConfigName: 'A',
      FailureReason: expect.stringContaining('MaximumExecutionTimeoutInSeconds'),
    });
  });

  it.each([
    ['a canary above half', routing('CANARY', { CanarySize: { ...half, Value: 60 } }), /CanarySize must be between/],
    ['a linear step below a tenth', routing('LINEAR', { LinearStepSize: { ...half, Value: 5 } }), /LinearStepSize/],
    [
      'a rolling wait over an hour',
      { RollingUpdatePolicy: { MaximumBatchSize: half, WaitIntervalInSeconds: 3601 } },
      /WaitInterval/,
    ],
    ['both policies', { ...routing('ALL_AT_ONCE'), RollingUpdatePolicy: { MaximumBatchSize: half } }, /cannot both/],
  ])('refuses %s', async (_name, DeploymentConfig, message) => {
    await w.ready();
    await expect(w.update({ DeploymentConfig })).rejects.toEqual(invalid(message));
    expect((await w.describe()).EndpointStatus).toBe('InService');
  });

  it('is spread over the variants by weight', async () => {
    await w.ready(w.variant(), w.variant({ VariantName: 'Other', InitialVariantWeight: 3 }));
    const count = { AllTraffic: 0, Other: 0 };
    for (let i = 0; i < 40; i++) count[(await w.invoke()).variant as keyof typeof count]++;
    expect(count).toEqual({ AllTraffic: 10, Other: 30 });
    expect((await w.invoke({ TargetVariant: 'AllTraffic' })).variant).toBe('AllTraffic');
    await expect(w.invoke({ TargetVariant: 'None' })).rejects.toMatchObject({ name: 'ValidationError' });
  });

  it('is spread evenly over idle instances', async () => {
    await w.ready(w.variant({ InitialInstanceCount: 3 }));
    const seen = new Map<string, number>();
    for (let i = 0; i < 9; i++) {
      const { instanceId } = await w.invoke();
      seen.set(instanceId, (seen.get(instanceId) ?? 0) + 1);
    }
    expect([...seen.values()]).toEqual([3, 3, 3]);
  });
});

describe('instances', () => {
  it('that are added read the data as it is by then', async () => {
    await w.ready();
    w.objects.set('s3://data/model.tar.gz', 'v2');
    await w.call('UpdateEndpointWeightsAndCapacities', {
      EndpointName: 'E',
      DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic', DesiredInstanceCount: 2 }],
    });
    expect(await w.describe()).toMatchObject({ EndpointStatus: 'Updating', EndpointConfigName: 'A' });
    await w.until('InService');
    expect([...w.running].map(({ data }) => data[0]?.etag)).toEqual(['v1', 'v2']);
  });

  it('that cannot be added leave the endpoint as it was, with the reason', async () => {
    await w.ready();
    breakData();
    await w.call('UpdateEndpointWeightsAndCapacities', {
      EndpointName: 'E',
      DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic', DesiredInstanceCount: 2 }],
    });
    expect(await w.until('InService')).toMatchObject({
      FailureReason: pingReason,
      ProductionVariants: [{ CurrentInstanceCount: 1, DesiredInstanceCount: 1 }],
    });
  });

  it('that are lost are replaced by ones that read the data as it is by then', async () => {
    let launches = 0;
    w.behaviour.judge = () => (++launches === 1 ? { healthyAfterMs: 0, lostAfterMs: 600_000 } : { healthyAfterMs: 0 });
    await w.ready();
    w.objects.set('s3://data/model.tar.gz', 'v2');
    await w.clock.advance(600_000);
    expect(await w.describe()).toMatchObject({
      EndpointStatus: 'InService',
      ProductionVariants: [{ CurrentInstanceCount: 0 }],
    });
    await expect(w.invoke()).rejects.toMatchObject({ name: 'ServiceUnavailable', status: 503 });
    await w.clock.advance(300_000);
    expect((await w.invoke()).data[0].etag).toBe('v2');
  });

  it('that no request reaches cost none while another can take it', async () => {
    await w.ready(w.variant({ InitialInstanceCount: 2 }));
    const first = (await w.invoke()).instanceId;
    w.unreachable.add(first);
    for (let i = 0; i < 4; i++) expect((await w.invoke()).instanceId).not.toBe(first);
    for (const { spec } of w.running) w.unreachable.add(spec.instanceId);
    await expect(w.invoke()).rejects.toMatchObject({ name: 'ModelError', status: 424 });
  });

  it('finish what is in flight before they go', async () => {
    await w.ready();
    const old = (await w.invoke()).instanceId;
    await w.update();
    w.behaviour.invocationMs = 55_000;
    const answers: Promise<{ instanceId: string }>[] = [];
    for (let seconds = 0; seconds < 300; seconds += 5) {
      answers.push(w.invoke());
      await w.clock.advance(5000);
    }
    await w.clock.advance(60_000);
    const ids = new Set((await Promise.all(answers)).map(({ instanceId }) => instanceId));
    expect(ids.size).toBe(2);
    expect(ids).toContain(old);
    expect(w.running.size).toBe(1);
  });

  it('are gone after stop, and nothing happens any more', async () => {
    await w.ready();
    await w.update();
    await w.clock.advance(1000);
    const events = w.events.length;
    await w.stop();
    expect(w.clock.nextAt()).toBeUndefined();
    expect(w.running.size).toBe(0);
    expect(w.events).toHaveLength(events);
  });
});

describe('injected faults', () => {
  it.each([
    ['a refusal', { kind: 'refuse' as const }, pingReason],
    ['a refusal with a reason', { kind: 'refuse' as const, reason: 'No.' }, 'No.'],
    ['a refusal without a reason', { kind: 'refuse' as const, reason: '' }, undefined],
    ["SageMaker's own failure", { kind: 'internal' as const }, expect.stringMatching(/^Request to service failed/)],
  ])('%s meets one update', async (_name, outcome, reason) => {
    await w.ready();
    w.sagemaker.faults.nextUpdate('e', outcome);
    await w.update();
    const refused = await w.until('InService');
    expect(refused.EndpointConfigName).toBe('A');
    expect(refused.FailureReason).toEqual(reason);
    await w.update();
    expect((await w.until('InService')).EndpointConfigName).toBe('B');
  });

  it('a delay makes an update longer', async () => {
    await w.ready();
    w.sagemaker.faults.nextUpdate('E', { kind: 'delay', ms: 3_600_000 });
    await w.update();
    await w.clock.advance(3_600_000);
    expect((await w.describe()).EndpointStatus).toBe('Updating');
    expect((await w.until('InService')).EndpointConfigName).toBe('B');
  });

  it('a failed rollback leaves the endpoint serving, until an update helps', async () => {
    await w.ready();
    w.sagemaker.faults.nextUpdate('E', { kind: 'rollback-failed' });
    await w.update();
    await w.until('UpdateRollbackFailed');
    expect(await w.invoke()).toMatchObject({ variant: 'AllTraffic' });
    await w.update();
    expect((await w.until('InService')).EndpointConfigName).toBe('B');
  });
});
